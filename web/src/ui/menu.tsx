import { type ReactNode, useEffect, useId, useRef, useState } from "react";

/**
 * A button that shows a panel: a disclosure, which leaves links and buttons in it what they are. Closes by Escape (and gives the focus
 * back), by a click elsewhere, and when the focus leaves it.
 */
export const Disclosure = ({
	button,
	label,
	className = "",
	panelClassName = "",
	children,
}: {
	button: ReactNode;
	label: string;
	className?: string;
	panelClassName?: string;
	children: (close: () => void) => ReactNode;
}) => {
	const [open, setOpen] = useState(false);
	const around = useRef<HTMLDivElement>(null);
	const opener = useRef<HTMLButtonElement>(null);
	const id = useId();
	useEffect(() => {
		if (!open) return undefined;
		const leave = (event: Event): void => {
			if (event.target instanceof Node && !around.current?.contains(event.target)) setOpen(false);
		};
		const onKey = (event: KeyboardEvent): void => {
			if (event.key !== "Escape") return;
			setOpen(false);
			opener.current?.focus();
		};
		document.addEventListener("pointerdown", leave);
		document.addEventListener("focusin", leave);
		document.addEventListener("keydown", onKey);
		return () => {
			document.removeEventListener("pointerdown", leave);
			document.removeEventListener("focusin", leave);
			document.removeEventListener("keydown", onKey);
		};
	}, [open]);
	return (
		<div ref={around} className="relative">
			<button
				ref={opener}
				type="button"
				aria-expanded={open}
				aria-controls={id}
				aria-label={label}
				className={className}
				onClick={() => setOpen(!open)}
			>
				{button}
			</button>
			<div
				id={id}
				hidden={!open}
				className={`absolute end-0 top-full z-30 mt-2 rounded-xl border border-line bg-surface shadow-lg ${panelClassName}`}
			>
				{open && children(() => setOpen(false))}
			</div>
		</div>
	);
};

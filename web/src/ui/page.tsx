import { type ReactNode, useEffect, useRef } from "react";
import { hasMoved } from "../router/router.tsx";

/** A page with its heading. When it comes in the place of another one, the heading takes the focus, so that screen readers say where they are. */
export const Page = ({
	title,
	actions,
	wide,
	children,
}: {
	title: string;
	actions?: ReactNode;
	wide?: boolean;
	children: ReactNode;
}) => {
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => {
		document.title = `${title} · Souk`;
	}, [title]);
	useEffect(() => {
		if (hasMoved()) heading.current?.focus({ preventScroll: true });
	}, []);
	return (
		<div className={`mx-auto w-full px-4 pt-6 pb-24 sm:px-6 md:pb-8 ${wide ? "max-w-6xl" : "max-w-4xl"}`}>
			<div className="mb-5 flex min-h-11 flex-wrap items-center justify-between gap-3">
				<h1 ref={heading} tabIndex={-1} dir="auto" className="font-semibold text-2xl">
					{title}
				</h1>
				{actions}
			</div>
			{children}
		</div>
	);
};

import { type ReactNode, useEffect, useId, useRef } from "react";

/** The browser's own modal dialog: it keeps the focus, gives it back, and closes by Escape. */
export const Dialog = ({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) => {
	const ref = useRef<HTMLDialogElement>(null);
	const id = useId();
	useEffect(() => {
		const dialog = ref.current;
		if (dialog && !dialog.open) dialog.showModal();
		return () => dialog?.close();
	}, []);
	return (
		<dialog
			ref={ref}
			aria-labelledby={id}
			onClose={onClose}
			className="m-auto w-[min(32rem,calc(100vw-2rem))] rounded-2xl border border-line bg-surface p-5 text-ink backdrop:bg-black/50"
		>
			<div className="mb-4 flex items-center justify-between gap-3">
				<h2 id={id} dir="auto" className="font-semibold text-lg">
					{title}
				</h2>
				<button type="button" className="btn btn-quiet btn-small" onClick={() => ref.current?.close()}>
					Close
				</button>
			</div>
			{children}
		</dialog>
	);
};

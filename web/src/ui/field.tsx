import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from "react";

interface Around {
	label: string;
	hint?: ReactNode;
	error?: string | undefined;
}

const describe = (id: string, { hint, error }: Omit<Around, "label">): string | undefined =>
	[hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ") || undefined;

const Notes = ({ id, hint, error }: { id: string; hint?: ReactNode; error?: string | undefined }) => (
	<>
		{hint && (
			<p id={`${id}-hint`} className="mt-1 text-muted text-sm">
				{hint}
			</p>
		)}
		{error && (
			<p id={`${id}-error`} className="mt-1 text-danger text-sm">
				{error}
			</p>
		)}
	</>
);

/** A labelled input; what is wrong with it is tied to it for screen readers. */
export const Field = ({ label, hint, error, className, ...input }: Around & InputHTMLAttributes<HTMLInputElement>) => {
	const id = useId();
	return (
		<div className={className}>
			<label htmlFor={id} className="mb-1 block font-medium text-sm">
				{label}
			</label>
			<input
				id={id}
				className="input"
				aria-invalid={error ? true : undefined}
				aria-describedby={describe(id, { hint, error })}
				{...input}
			/>
			<Notes id={id} hint={hint} error={error} />
		</div>
	);
};

export const Choice = ({
	label,
	hint,
	error,
	className,
	children,
	...select
}: Around & SelectHTMLAttributes<HTMLSelectElement>) => {
	const id = useId();
	return (
		<div className={className}>
			<label htmlFor={id} className="mb-1 block font-medium text-sm">
				{label}
			</label>
			<select
				id={id}
				className="input"
				aria-invalid={error ? true : undefined}
				aria-describedby={describe(id, { hint, error })}
				{...select}
			>
				{children}
			</select>
			<Notes id={id} hint={hint} error={error} />
		</div>
	);
};

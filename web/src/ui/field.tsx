import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from "react";

interface Around {
	label: string;
	hint?: ReactNode;
	error?: string | undefined;
	className?: string | undefined;
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

/** What ties a control to its label, and to what is wrong with it, for screen readers. */
type Tied = Pick<InputHTMLAttributes<HTMLElement>, "id" | "className" | "aria-invalid" | "aria-describedby">;

const Labelled = ({ label, hint, error, className, control }: Around & { control: (tied: Tied) => ReactNode }) => {
	const id = useId();
	const tied = {
		id,
		className: "input",
		"aria-invalid": error ? true : undefined,
		"aria-describedby": describe(id, { hint, error }),
	};
	return (
		<div className={className}>
			<label htmlFor={id} className="mb-1 block font-medium text-sm">
				{label}
			</label>
			{control(tied)}
			<Notes id={id} hint={hint} error={error} />
		</div>
	);
};

export const Field = ({ label, hint, error, className, ...input }: Around & InputHTMLAttributes<HTMLInputElement>) => (
	<Labelled {...{ label, hint, error, className }} control={(tied) => <input {...tied} {...input} />} />
);

export const Choice = ({
	label,
	hint,
	error,
	className,
	children,
	...select
}: Around & SelectHTMLAttributes<HTMLSelectElement>) => (
	<Labelled
		{...{ label, hint, error, className }}
		control={(tied) => (
			<select {...tied} {...select}>
				{children}
			</select>
		)}
	/>
);

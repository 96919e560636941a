import type { ReactNode } from "react";
import { wordsOf } from "../api/problem.ts";

/** Keeps the place of what is on its way, so that nothing jumps when it comes. */
export const Skeletons = ({ count = 4, className = "h-20" }: { count?: number; className?: string }) => (
	<div role="status" aria-label="Loading" className="grid gap-3">
		{Array.from({ length: count }, (_, index) => (
			// biome-ignore lint/suspicious/noArrayIndexKey: they are all the same, and never move
			<div key={index} className={`skeleton ${className}`} />
		))}
	</div>
);

export const Empty = ({ title, children }: { title: string; children?: ReactNode }) => (
	<div className="card grid justify-items-center gap-2 py-12 text-center">
		<p className="font-medium">{title}</p>
		{children && <div className="text-muted text-sm">{children}</div>}
	</div>
);

export const Failed = ({ error, again }: { error: unknown; again?: () => void }) => (
	<div role="alert" className="card flex flex-wrap items-center justify-between gap-3 border-danger bg-danger-soft">
		<p>{wordsOf(error)}</p>
		{again && (
			<button type="button" className="btn btn-small" onClick={again}>
				Try again
			</button>
		)}
	</div>
);

const tones = {
	plain: "bg-sunken text-ink",
	ok: "bg-ok-soft text-ok",
	warn: "bg-warn-soft text-warn",
	danger: "bg-danger-soft text-danger",
	info: "bg-info-soft text-info",
} as const;
export type Tone = keyof typeof tones;

export const Badge = ({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) => (
	<span className={`inline-flex items-center whitespace-nowrap rounded-full px-2.5 py-0.5 font-medium text-xs ${tones[tone]}`}>
		{children}
	</span>
);

interface Loaded<T> {
	data: T | undefined;
	error: unknown;
	refetch(): unknown;
}

/** What was loaded, or its skeleton, or why there is none. Old data stay on show while new ones fail to come. */
export function Loading<T>({
	of,
	skeleton,
	children,
}: {
	of: Loaded<T>;
	skeleton?: ReactNode;
	children: (data: T) => ReactNode;
}) {
	if (of.data !== undefined) return children(of.data);
	if (of.error) return <Failed error={of.error} again={() => of.refetch()} />;
	return skeleton ?? <Skeletons />;
}

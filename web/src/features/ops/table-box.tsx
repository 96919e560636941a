import type { ReactNode } from "react";

/** A table that scrolls sideways on its own where it is too wide. */
export const TableBox = ({ label, heads, children }: { label: string; heads: readonly string[]; children: ReactNode }) => (
	<section
		aria-label={label}
		// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
		tabIndex={0}
		className="overflow-x-auto rounded-xl border border-line bg-surface"
	>
		<table className="w-full text-sm [&_td]:whitespace-nowrap [&_td]:border-line [&_td]:border-t [&_td]:px-3 [&_td]:py-2 [&_th]:px-3 [&_th]:py-2 [&_th]:text-start [&_th]:font-medium [&_th]:text-muted">
			<thead>
				<tr>
					{heads.map((head) => (
						<th key={head} scope="col">
							{head}
						</th>
					))}
				</tr>
			</thead>
			<tbody>{children}</tbody>
		</table>
	</section>
);

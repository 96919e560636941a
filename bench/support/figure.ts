/** One number that docs/figures.md states, with the bound that it is held against. */
export interface Figure {
	name: string;
	value: number;
	unit: string;
	bound: { least?: number; most?: number };
	/** What it was measured against, or under which load. */
	note: string;
}

export const isMet = ({ value, bound }: Figure): boolean =>
	value >= (bound.least ?? Number.NEGATIVE_INFINITY) && value <= (bound.most ?? Number.POSITIVE_INFINITY);

const boundText = ({ bound, unit }: Figure): string =>
	`${[bound.least === undefined ? "" : `≥ ${bound.least}`, bound.most === undefined ? "" : `≤ ${bound.most}`]
		.filter(Boolean)
		.join(", ")} ${unit}`;

export const toTable = (figures: readonly Figure[]): string => {
	const rows = figures.map((figure) => [
		figure.name,
		`${figure.value} ${figure.unit}`,
		boundText(figure),
		isMet(figure) ? "met" : "MISSED",
		figure.note,
	]);
	const head = ["figure", "measured", "bound", "", "note"];
	const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
	const line = (cells: readonly string[]): string =>
		`| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
	return [line(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
};

const width = 240;
const height = 56;

/** A small line of the last values; the newest in words. */
export const Chart = ({ title, values, unit }: { title: string; values: readonly number[]; unit: string }) => {
	const last = values.at(-1);
	const top = Math.max(1, ...values);
	// A line that has only just begun is drawn wider.
	const step = width / Math.max(19, values.length - 1);
	const points = values.map(
		(value, index) =>
			`${(width - (values.length - 1 - index) * step).toFixed(1)},${(height - (value / top) * (height - 4) - 2).toFixed(1)}`,
	);
	const shown =
		last === undefined ? "–" : `${last >= 100 || Number.isInteger(last) ? Math.round(last) : last.toFixed(1)} ${unit}`;
	return (
		<figure className="card" data-chart={title}>
			<figcaption className="flex items-baseline justify-between gap-2">
				<span className="text-muted text-sm">{title}</span>
				<span className="font-semibold tabular-nums">{shown}</span>
			</figcaption>
			<svg
				viewBox={`0 0 ${width} ${height}`}
				className="mt-2 h-14 w-full text-accent"
				preserveAspectRatio="none"
				aria-hidden="true"
			>
				<polyline points={points.join(" ")} fill="none" stroke="currentColor" strokeWidth="2" vectorEffect="non-scaling-stroke" />
			</svg>
		</figure>
	);
};

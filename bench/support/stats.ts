/** The value below which `share` of the sample lies (nearest rank). */
export const percentile = (sample: readonly number[], share: number): number => {
	const sorted = [...sample].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
};

export const median = (sample: readonly number[]): number => percentile(sample, 0.5);

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

import type { Tally } from "./tally.ts";

const width = 30;

const bar = ({ answered, accepted, refused }: Tally, count: number): string => {
	const share = count === 0 ? 1 : answered / count;
	const full = Math.floor(share * width);
	const line = `${"█".repeat(full)}${"░".repeat(width - full)}`;
	return `${line} ${Math.floor(share * 100)}%  ${answered}/${count}  accepted ${accepted}, refused ${refused}`;
};

/** A bar that moves on a terminal; elsewhere a line every tenth of the way. Answers what to call after each answer. */
export const progress = (tally: Tally, count: number, out: NodeJS.WriteStream = process.stderr): (() => void) => {
	let shown = -1;
	const steps = out.isTTY ? 200 : 10;
	return () => {
		const step = Math.floor((tally.answered / Math.max(1, count)) * steps);
		if (step === shown) return;
		shown = step;
		const end = out.isTTY && tally.answered < count ? "" : "\n";
		out.write(`${out.isTTY ? "\r\u001b[K" : ""}${bar(tally, count)}${end}`);
	};
};

import { type Plan, type PlanOptions, planOf, stepText } from "./plan.ts";
import { type Played, play } from "./play.ts";
import { shrink } from "./shrink.ts";
import type { WorldSource } from "./world.ts";

// Many runs one after the other; the first that fails is made shorter and told in a form that can be played again.

export interface CampaignOptions {
	runs: number;
	/** Of the first run; each further one has the next. */
	seed: number;
	/** No run begins after this, in ms from now. */
	withinMs?: number;
	plan?: PlanOptions;
	/** How often a failing plan is played again to make it shorter. */
	shrinkTries: number;
	/** No such try begins after this, in ms from the failure. */
	shrinkWithinMs?: number;
	/** After each run. */
	onPlayed?: (played: Played, done: number) => void;
	onShrunk?: (steps: number) => void;
}

export interface Campaign {
	runs: number;
	/** Of all runs together. */
	acked: number;
	seen: number;
	connections: number;
	/** What the first run that failed has to say. */
	failure: string | null;
}

const shortened = async (source: WorldSource, first: Played, options: CampaignOptions): Promise<Played> => {
	const { plan } = first;
	const end = performance.now() + (options.shrinkWithinMs ?? Number.POSITIVE_INFINITY);
	const kinds = new Set(first.violations.map(({ kind }) => kind));
	let best = first;
	const fails = async (steps: Plan["steps"]): Promise<boolean> => {
		if (performance.now() > end) return false;
		const played = await play(source, { ...plan, steps });
		// Another violation is another failure: it would lead away from this one.
		if (!played.violations.some(({ kind }) => kinds.has(kind))) return false;
		best = played;
		options.onShrunk?.(steps.length);
		return true;
	};
	await shrink(plan.steps, fails, options.shrinkTries);
	return best;
};

const told = (first: Played, shortest: Played): string => {
	const lines = [`seed ${first.plan.seed} fails, with ${first.plan.steps.length} steps:`];
	for (const { kind, what } of first.violations) lines.push(`  ${kind}: ${what}`);
	lines.push("", `shortest plan that failed, ${shortest.plan.steps.length} steps:`);
	for (const step of shortest.plan.steps) lines.push(`  ${stepText(step)}`);
	for (const { kind, what, excerpt } of shortest.violations.slice(0, 3)) {
		lines.push("", `${kind}: ${what}`, ...excerpt.map((line) => `  ${line}`));
	}
	return lines.join("\n");
};

export const campaign = async (source: WorldSource, options: CampaignOptions): Promise<Campaign> => {
	const { runs, seed, withinMs = Number.POSITIVE_INFINITY } = options;
	const end = performance.now() + withinMs;
	const total: Campaign = { runs: 0, acked: 0, seen: 0, connections: 0, failure: null };
	while (total.runs < runs && performance.now() < end) {
		const played = await play(source, planOf(seed + total.runs, { ...source.plan, ...options.plan }));
		total.runs += 1;
		total.acked += played.history.tries.filter(({ outcome }) => outcome.kind === "acked").length;
		total.seen += played.history.sessions.reduce((sum, { entries }) => sum + entries.length, 0);
		total.connections += played.history.sessions.length;
		options.onPlayed?.(played, total.runs);
		if (played.violations.length === 0) continue;
		total.failure = told(played, await shortened(source, played, options));
		break;
	}
	return total;
};

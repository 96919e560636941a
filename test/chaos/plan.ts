import { seeded } from "../support/random.ts";

// What happens in one run, drawn from a seed. Every step makes sense after any others, so that a part of a plan is a plan: steps name people
// and nodes by numbers that are taken modulo what there is, and a fault ends by itself after `ms`.

export const servers = ["nats", "redis", "mongo"] as const;
export type Server = (typeof servers)[number];

/** Where in its life the next connection is cut, by the client. */
export const moments = ["now", "dialled", "ready", "first entries"] as const;
export type Moment = (typeof moments)[number];

export type ClientStep =
	| { do: "post"; who: number; count: number; over: "socket" | "rest" }
	/** The id and text of an earlier post, `back` posts ago, by any device of that user. */
	| { do: "repost"; who: number; back: number; over: "socket" | "rest" }
	/** The id of an earlier post with another text. */
	| { do: "reuse"; who: number; back: number }
	| { do: "follow"; who: number; from: "start" | "newest" }
	| { do: "cut"; who: number; moment: Moment }
	| { do: "leave"; who: number }
	| { do: "read"; who: number };

export type FaultStep =
	/** SIGKILL, SIGTERM; started again after `ms`. */
	| { do: "kill"; node: number; ms: number }
	| { do: "drain"; node: number; ms: number }
	/** SIGSTOP, SIGCONT after `ms`. */
	| { do: "stop"; node: number; ms: number }
	| { do: "add" }
	/** One node loses one server: refused, or no answer. */
	| { do: "cut off"; node: number; server: Server; how: "refused" | "silent"; ms: number }
	| { do: "kill server"; server: Server; ms: number }
	| { do: "stop server"; server: Server; ms: number };

export type Step = ClientStep | FaultStep | { do: "wait"; ms: number };

export interface Plan {
	readonly seed: number;
	readonly steps: readonly Step[];
}

export interface PlanOptions {
	/** How many steps besides the first, which let everybody follow; default 60. */
	steps?: number;
	/** How many clients; default 6. */
	people?: number;
	/** How long faults last at most, in ms; default 3,000. */
	faultMs?: number;
	/** Between steps, in ms; about a third of the steps are waits. */
	waits?: readonly number[];
}

const shortWaits = [5, 20, 100, 400];

type Draw = { below: (bound: number) => number; from: <T>(list: readonly T[]) => T };

const drawer = (seed: number): Draw => {
	const random = seeded(seed);
	const below = (bound: number): number => Math.floor(random() * bound);
	// biome-ignore lint/style/noNonNullAssertion: lists here are not empty, and the index is within
	return { below, from: (list) => list[below(list.length)]! };
};

const fault = ({ below, from }: Draw, faultMs: number): FaultStep => {
	const node = below(100);
	const ms = 50 + below(faultMs);
	const server = from(servers);
	const all: readonly FaultStep[] = [
		{ do: "kill", node, ms },
		{ do: "kill", node, ms },
		{ do: "stop", node, ms },
		{ do: "stop", node, ms },
		{ do: "drain", node, ms },
		{ do: "add" },
		{ do: "cut off", node, server, how: from(["refused", "silent"]), ms },
		{ do: "cut off", node, server, how: from(["refused", "silent"]), ms },
		{ do: "kill server", server, ms: Math.min(ms, 1_000) },
		{ do: "stop server", server, ms },
	];
	return from(all);
};

const clientStep = ({ below, from }: Draw, people: number): ClientStep => {
	const who = below(people);
	const over = from(["socket", "socket", "socket", "rest"] as const);
	const all: readonly ClientStep[] = [
		{ do: "post", who, count: 1, over },
		{ do: "post", who, count: 1 + below(4), over },
		{ do: "post", who, count: 10 + below(40), over: "socket" },
		{ do: "repost", who, back: below(12), over },
		{ do: "repost", who, back: below(3), over },
		{ do: "reuse", who, back: below(6) },
		{ do: "follow", who, from: from(["start", "newest"]) },
		{ do: "cut", who, moment: from(moments) },
		{ do: "cut", who, moment: from(moments) },
		{ do: "cut", who, moment: "now" },
		{ do: "leave", who },
		{ do: "read", who },
	];
	return from(all);
};

/** The same seed and options give the same plan. */
export const planOf = (seed: number, { steps = 60, people = 6, faultMs = 3_000, waits = shortWaits }: PlanOptions = {}): Plan => {
	const draw = drawer(seed);
	const made: Step[] = Array.from({ length: people }, (_, who) => ({ do: "follow", who, from: "start" }));
	while (made.length < people + steps) {
		const kind = draw.below(10);
		if (kind === 0) made.push(fault(draw, faultMs));
		else if (kind < 4) made.push({ do: "wait", ms: draw.from(waits) });
		else made.push(clientStep(draw, people));
	}
	return { seed, steps: made };
};

export const isFault = (step: Step): step is FaultStep =>
	["kill", "drain", "stop", "add", "cut off", "kill server", "stop server"].includes(step.do);

export const stepText = (step: Step): string => {
	const { do: verb, ...rest } = step;
	return `${verb} ${Object.entries(rest)
		.map(([name, value]) => `${name}=${value}`)
		.join(" ")}`.trim();
};

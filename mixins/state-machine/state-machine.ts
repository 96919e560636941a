// State machines as data: a table of transitions and named guards, checked when it is defined. Pure.

/** One row. With several rows for the same state and event the first whose guard holds is taken. */
export interface Transition<S extends string, E extends string, G extends string = string> {
	from: S | readonly S[];
	event: E;
	to: S;
	/** Name of a predicate in `guards`. Without one the row always holds. */
	guard?: G;
}

export interface MachineSpec<S extends string, E extends string, F, G extends string = string> {
	/** For messages: "order", "payment". */
	name: string;
	states: readonly S[];
	/** States that an entity is born in. */
	initial: S | readonly S[];
	events: readonly E[];
	/** Predicates over the data that is passed in; they read nothing else and never throw. */
	guards: Readonly<Record<G, (facts: F) => boolean>>;
	transitions: readonly Transition<S, E, NoInfer<G>>[];
}

/** `guard`: a row exists for this state and event, but its guards do not hold. `state`: there is no such row. */
export type Refusal<S extends string, E extends string> = {
	ok: false;
	reason: "state" | "guard";
	/** The guards that did not hold, in the order of the table. */
	guards: readonly string[];
	/** Where the event leads when it is taken. */
	to: S;
	allowed: readonly E[];
};
export type Step<S extends string, E extends string> = { ok: true; to: S } | Refusal<S, E>;

export interface Machine<S extends string, E extends string, F> {
	readonly name: string;
	readonly states: readonly S[];
	readonly events: readonly E[];
	/** What the event does to the state. A refusal is a value: the caller says whether it is an error or a late event to ignore. */
	next(state: S, event: E, facts: F): Step<S, E>;
	/** Events that would be taken now, in the order of `events`. */
	allowed(state: S, facts: F): E[];
	/** No event leads out of it. */
	isFinal(state: S): boolean;
}

/** A table that cannot be right; `faults` names every mistake at once. */
export class BadStateTable extends Error {
	override readonly name = "BadStateTable";
	readonly faults: readonly string[];
	constructor(machine: string, faults: readonly string[]) {
		super(`the state table of ${machine} is wrong: ${faults.join("; ")}`);
		this.faults = faults;
	}
}

type Row<S extends string, E extends string> = { from: S; event: E; to: S; guard: string | undefined };

const list = <T extends string>(one: T | readonly T[]): readonly T[] => (typeof one === "string" ? [one] : one);

const unknownNames = (spec: MachineSpec<string, string, never>, rows: readonly Row<string, string>[]): string[] => {
	const faults: string[] = [];
	const check = (known: readonly string[], kind: string, name: string, where: string): void => {
		if (!known.includes(name)) faults.push(`unknown ${kind} "${name}" in ${where}`);
	};
	for (const state of list(spec.initial)) check(spec.states, "state", state, "initial");
	for (const { from, event, to, guard } of rows) {
		const where = `${from} + ${event}`;
		check(spec.states, "state", from, where);
		check(spec.states, "state", to, where);
		check(spec.events, "event", event, where);
		// Own names only: "toString" is no guard.
		if (guard !== undefined) check(Object.keys(spec.guards), "guard", guard, where);
	}
	return faults;
};

const reachable = (spec: MachineSpec<string, string, never>, rows: readonly Row<string, string>[]): Set<string> => {
	const seen = new Set(list(spec.initial));
	for (const state of seen) for (const row of rows) if (row.from === state) seen.add(row.to); // a Set visits what is added on the way
	return seen;
};

const deadParts = (spec: MachineSpec<string, string, never>, rows: readonly Row<string, string>[]): string[] => {
	const seen = reachable(spec, rows);
	const used = { events: new Set(rows.map((row) => row.event)), guards: new Set(rows.map((row) => row.guard)) };
	return [
		...spec.states.filter((state) => !seen.has(state)).map((state) => `state "${state}" cannot be reached`),
		...spec.events.filter((event) => !used.events.has(event)).map((event) => `event "${event}" is never taken`),
		...Object.keys(spec.guards)
			.filter((guard) => !used.guards.has(guard))
			.map((guard) => `guard "${guard}" guards nothing`),
	];
};

/** A row behind one that always holds, or behind one with the same guard, can never be taken: somebody meant something else. */
const shadowed = (rows: readonly Row<string, string>[]): string[] =>
	rows.flatMap((row, index) => {
		const before = rows.slice(0, index).filter((other) => other.from === row.from && other.event === row.event);
		const covered = before.some((other) => other.guard === undefined || other.guard === row.guard);
		return covered ? [`duplicate ${row.from} + ${row.event}: the row to "${row.to}" can never be taken`] : [];
	});

const twice = (kind: string, names: readonly string[]): string[] =>
	names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${kind} "${name}" is listed twice`);

const faultsOf = (spec: MachineSpec<string, string, never>, rows: readonly Row<string, string>[]): string[] => [
	...twice("state", spec.states),
	...twice("event", spec.events),
	...unknownNames(spec, rows),
	...deadParts(spec, rows),
	...shadowed(rows),
];

/**
 * Checks the table and makes a machine of it. Throws `BadStateTable` at once, when the module is loaded, for unknown states,
 * events and guards, for states and rows that nothing reaches, and for whatever is listed but never used.
 */
export const defineMachine = <S extends string, E extends string, F, G extends string>(
	spec: MachineSpec<S, E, F, G>,
): Machine<S, E, F> => {
	const rows: Row<S, E>[] = spec.transitions.flatMap(({ from, event, to, guard }) =>
		list(from).map((state) => ({ from: state, event, to, guard })),
	);
	const faults = faultsOf(spec, rows);
	if (faults.length > 0) throw new BadStateTable(spec.name, faults);

	const guards: Readonly<Record<string, (facts: F) => boolean>> = spec.guards;
	const holds = (row: Row<S, E>, facts: F): boolean => row.guard === undefined || guards[row.guard]?.(facts) === true;
	const rowsOf = (state: S, event: E): Row<S, E>[] => rows.filter((row) => row.from === state && row.event === event);
	const allowed = (state: S, facts: F): E[] =>
		spec.events.filter((event) => rowsOf(state, event).some((row) => holds(row, facts)));
	const refuse = (state: S, event: E, candidates: readonly Row<S, E>[], facts: F): Refusal<S, E> => ({
		ok: false,
		reason: candidates.length > 0 ? "guard" : "state",
		guards: candidates.flatMap((row) => (row.guard === undefined ? [] : [row.guard])),
		to: (candidates[0] ?? rows.find((row) => row.event === event))?.to ?? state,
		allowed: allowed(state, facts),
	});
	return {
		name: spec.name,
		states: spec.states,
		events: spec.events,
		allowed,
		isFinal: (state) => !rows.some((row) => row.from === state),
		next(state, event, facts) {
			const candidates = rowsOf(state, event);
			const row = candidates.find((candidate) => holds(candidate, facts));
			return row ? { ok: true, to: row.to } : refuse(state, event, candidates, facts);
		},
	};
};

import assert from "node:assert/strict";
import { BadStateTable, defineMachine, type MachineSpec } from "../../../mixins/state-machine/state-machine.ts";

type State = "open" | "held" | "done";
type Event = "hold" | "finish" | "reopen";
type Facts = { paid: number; due: number };
type Guard = "isCovered" | "isShort";

const spec: MachineSpec<State, Event, Facts, Guard> = {
	name: "bill",
	states: ["open", "held", "done"],
	initial: "open",
	events: ["hold", "finish", "reopen"],
	guards: { isCovered: (facts) => facts.paid >= facts.due, isShort: (facts) => facts.paid > 0 },
	transitions: [
		{ from: "open", event: "hold", to: "held" },
		{ from: ["open", "held"], event: "finish", to: "done", guard: "isCovered" },
		{ from: "open", event: "finish", to: "held", guard: "isShort" },
		{ from: "held", event: "reopen", to: "open" },
	],
};
const covered = { paid: 10, due: 10 };
const short = { paid: 5, due: 10 };
const nothing = { paid: 0, due: 10 };

const faults = (change: Partial<Record<keyof typeof spec, unknown>>): readonly string[] => {
	try {
		// The cast is the point: tables that the type checker would refuse must be refused at start too.
		defineMachine({ ...spec, ...change } as MachineSpec<string, string, Facts>);
	} catch (error) {
		assert.ok(error instanceof BadStateTable);
		return error.faults;
	}
	return [];
};
const withRow = (...rows: readonly object[]) => ({ transitions: [...spec.transitions, ...rows] });

describe("state machine: moving", () => {
	const bill = defineMachine(spec);

	it("takes the first row whose guard holds", () => {
		assert.deepEqual(bill.next("open", "finish", covered), { ok: true, to: "done" });
		assert.deepEqual(bill.next("open", "finish", short), { ok: true, to: "held" });
	});

	it("refuses with the guards that did not hold", () => {
		assert.deepEqual(bill.next("open", "finish", nothing), {
			ok: false,
			reason: "guard",
			guards: ["isCovered", "isShort"],
			to: "done",
			allowed: ["hold"],
		});
	});

	it("refuses an event that the state does not know, saying where it would have led", () => {
		assert.deepEqual(bill.next("done", "reopen", covered), { ok: false, reason: "state", guards: [], to: "open", allowed: [] });
	});

	it("lists what is allowed with these facts", () => {
		assert.deepEqual(bill.allowed("open", covered), ["hold", "finish"]);
		assert.deepEqual(bill.allowed("held", short), ["reopen"]);
		assert.deepEqual(bill.allowed("done", covered), []);
	});

	it("knows final states", () => {
		assert.deepEqual(spec.states.filter(bill.isFinal), ["done"]);
	});
});

describe("state machine: the table is checked when it is defined", () => {
	const cases: readonly [string, Parameters<typeof faults>[0], RegExp][] = [
		["an unknown target", withRow({ from: "held", event: "hold", to: "gone" }), /unknown state "gone" in held \+ hold/],
		["an unknown source", withRow({ from: "gone", event: "hold", to: "open" }), /unknown state "gone" in gone \+ hold/],
		["an unknown event", withRow({ from: "held", event: "burn", to: "done" }), /unknown event "burn"/],
		["an unknown guard", withRow({ from: "held", event: "hold", to: "done", guard: "toString" }), /unknown guard "toString"/],
		["an unknown initial state", { initial: "gone" }, /unknown state "gone" in initial/],
		["a state that nothing reaches", { states: [...spec.states, "lost"] }, /state "lost" cannot be reached/],
		["a ring of states that nothing reaches", { initial: "done" }, /state "open" cannot be reached/],
		["an event that no row takes", { events: [...spec.events, "idle"] }, /event "idle" is never taken/],
		["a guard that no row names", { guards: { ...spec.guards, spare: () => true } }, /guard "spare" guards nothing/],
		["a row behind one that always holds", withRow({ from: "open", event: "hold", to: "done" }), /duplicate open \+ hold/],
		[
			"a row behind one with the same guard",
			withRow({ from: "open", event: "finish", to: "open", guard: "isCovered" }),
			/duplicate open \+ finish/,
		],
		["a state listed twice", { states: [...spec.states, "open"] }, /state "open" is listed twice/],
	];
	for (const [what, change, expected] of cases) {
		it(`refuses ${what}`, () => assert.match(faults(change).join("; "), expected));
	}

	it("takes the table that it was changed from", () => assert.deepEqual(faults({}), []));
});

import assert from "node:assert/strict";
import { type Fault, faultOf } from "../../../services/cdc/faults.ts";
import { feedHealth } from "../../../services/cdc/feed-health.ts";
import type { Follow, Position } from "../../../services/cdc/position.adapter.ts";

const now = Date.parse("2026-03-04T05:06:07.000Z");

const position = (_id: string, follow: Partial<Position>): Position => ({
	...{ _id, fence: 1, token: null, at: now, state: "tailing", lag: 0, by: "cdc-0", seenAt: now },
	...follow,
});

describe("the health of the change feed", () => {
	const rowsOf = (locals: Record<string, Follow>, positions: Position[]) =>
		feedHealth(
			["orders", "users"],
			new Map(Object.entries(locals).map(([name, follow]) => [name, { follow, inFlight: 3 }])),
			positions,
			now,
		);

	it("is told of each collection by whoever follows it here, else from what its follower has written", () => {
		const [orders, users] = rowsOf({ orders: { state: "tailing", lag: 1.6 } }, [
			position("orders", { state: "away" }),
			position("users", {}),
		]);
		assert.deepEqual(orders, {
			...{ group: "cdc.orders", service: "cdc", ok: true, lag: 2, inFlight: 3, detail: "tailing, 2 s behind" },
		});
		assert.deepEqual([users?.ok, users?.detail], [true, "tailing, 0 s behind"]);
	});

	it("is bad where nobody follows, whoever did", () => {
		const [orders, users] = rowsOf({}, [position("orders", { seenAt: now - 60_000 })]);
		assert.deepEqual([orders?.ok, orders?.lag, orders?.detail], [false, 60, "nobody follows it since 2026-03-04T05:05:07.000Z"]);
		assert.deepEqual([users?.ok, users?.detail], [false, "nobody has followed it yet"]);
	});

	it("is bad while something is missed, polled for or far behind, and says which", () => {
		const of = (follow: Follow) => rowsOf({ orders: follow }, [])[0];
		assert.ok(of({ state: "sweeping", lag: 0, sweep: { reason: "first", at: "" } })?.ok);
		const at = "2026-03-04T05:00:00.000Z";
		const sweeping = of({ state: "sweeping", lag: 900, sweep: { reason: "history_lost", at } });
		assert.equal(sweeping?.ok, false);
		assert.match(
			sweeping?.detail ?? "",
			/^reading what could have been missed, 900 s behind; swept .*05:00.* because the server does not know/,
		);
		const polling = of({ state: "polling", lag: 3, sweep: { reason: "no_streams", at, documents: 1 } });
		assert.deepEqual([polling?.ok, polling?.detail], [false, "polling, because this server has no change streams: what is removed is not seen, 3 s behind"]); // biome-ignore format: one line
		assert.equal(of({ state: "tailing", lag: 61 })?.ok, false);
		const away = of({ state: "away", detail: "no primary", lag: 5 });
		assert.deepEqual([away?.ok, away?.detail], [false, "cannot be followed, 5 s behind: no primary"]);
	});

	it("remembers the last sweep once it is over", () => {
		const [orders] = rowsOf({ orders: { state: "tailing", lag: 0, sweep: { reason: "dropped", at: "T", documents: 12 } } }, []);
		assert.deepEqual([orders?.ok, orders?.detail], [true, "tailing, 0 s behind; swept T because the collection was dropped or renamed: 12 documents"]); // biome-ignore format: one line
	});
});

describe("an error of a change stream", () => {
	const table: readonly [Fault, object][] = [
		["lost", { code: 286 }],
		["lost", { code: 280 }],
		["lost", { code: 260 }],
		["lost", { code: 10334 }],
		["lost", { code: 1, errorLabels: ["NonResumableChangeStreamError"] }],
		["unable", { code: 40573 }],
		["unable", { code: 40324 }],
		["unable", { code: 59 }],
		["later", { code: 13 }],
		["later", { code: 43, errorLabels: ["ResumableChangeStreamError"] }],
		["later", new Error("the connection was closed")],
	];
	for (const [fault, error] of table) {
		it(`is ${fault} for ${JSON.stringify(error)}`, () => assert.equal(faultOf(error), fault));
	}
});

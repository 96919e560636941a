import assert from "node:assert/strict";
import type { Peer } from "../../realtime/peers.ts";
import { Placement } from "../../realtime/placement.ts";
import { newSessionId, tagOf } from "../../realtime/session-id.ts";
import { streamOf } from "../support/door-world.ts";

const peer = (id: string, changes: Partial<Peer> = {}): Peer => ({
	id,
	key: `key-of-${id}`,
	address: `${id}:7100`,
	rings: ["chat"],
	...changes,
});
const [a, b, c] = [peer("a"), peer("b"), peer("c")];

describe("Placement", () => {
	let time: number;
	let placement: Placement;
	let told: number;

	beforeEach(() => {
		time = 0;
		told = 0;
		placement = new Placement({ self: a, suspectMs: 1_000, now: () => time });
		placement.onChange(() => {
			told += 1;
		});
	});

	it("owns nothing before it has settled, and does not call a stream another's either", () => {
		placement.setPeers([a]);
		assert.equal(placement.whose("x"), "unknown");
		placement.settle();
		placement.settle();
		assert.equal(placement.whose("x"), "own");
		assert.equal(placement.whose("inbox-x"), "unknown");
		assert.equal(told, 2);
	});

	it("tells of a change of the rings, and of nothing else", () => {
		placement.setPeers([a, b]);
		assert.equal(told, 1);
		placement.setPeers([b, a]);
		placement.setPeers([a, { ...b, key: "another" }]);
		assert.equal(told, 1);
		placement.setPeers([a, { ...b, rings: [] }]);
		assert.equal(told, 2);
	});

	it("stands in for an owner that is suspected, until the time is over", () => {
		placement.setPeers([a, b, c]);
		placement.settle();
		const stream = streamOf(placement, "b");
		placement.suspect(b.address);
		assert.deepEqual([placement.target(stream)?.id, placement.whose(stream)], ["a", "own"]);
		time = 999;
		assert.deepEqual(placement.suspected(), [b.address]);
		time = 1_000;
		assert.deepEqual(placement.suspected(), []);
		assert.equal(placement.whose(stream), "other");
	});

	it("names the next node on the ring for a suspected owner where it is not on the ring itself, and nobody when all are suspected", () => {
		const gateway = new Placement({ self: { id: "g", key: "g" }, suspectMs: 1_000, now: () => time });
		gateway.setPeers([a, b, c]);
		const stream = streamOf(gateway, "b");
		const order = [...gateway.candidates(stream)].map(({ id }) => id);
		assert.equal(order[0], "b");
		gateway.suspect(b.address);
		assert.equal(gateway.target(stream)?.id, order[1]);
		assert.deepEqual([...gateway.candidates(stream)].map(({ id }) => id).sort(), ["a", "b", "c"]);
		gateway.suspect(a.address);
		gateway.suspect(c.address);
		assert.equal(gateway.target(stream), null);
	});

	it("never suspects itself, and holds a bounded number of suspects whatever it is told", () => {
		placement.setPeers([a, b]);
		placement.suspect(a.address);
		for (let count = 0; count < 5_000; count++) placement.suspect(`host-${count}:1`);
		assert.equal(placement.suspected().length, 1_024);
		assert.ok(!placement.suspected().includes(a.address));
	});

	it("forgets the suspicion of a node that has started again", () => {
		placement.setPeers([a, b]);
		placement.suspect(b.address);
		placement.setPeers([a, b]);
		assert.deepEqual(placement.suspected(), [b.address]);
		placement.setPeers([a, { ...b, key: "of the next start" }]);
		assert.deepEqual(placement.suspected(), []);
	});

	it("finds the node of a session by its id while that node is there, on a ring or not", () => {
		placement.setPeers([a, { ...b, rings: [] }]);
		const id = newSessionId(tagOf(b.key));
		assert.equal(placement.ofSession(id)?.id, "b");
		placement.setPeers([a, { ...b, key: "of the next start" }]);
		assert.equal(placement.ofSession(id), null);
		for (const odd of ["", ".", `x.${tagOf(a.key)}`, `${id}x`, `../${id}`]) assert.equal(placement.ofSession(odd), null);
	});
});

import assert from "node:assert/strict";
import { deriveId } from "../../contracts/ids.ts";
import { Ring, ringOf } from "../../realtime/ring.ts";

const names = ["node-1:7100", "node-2:7100", "node-3:7100", "node-4:7100"];
const ids = Array.from({ length: 4_000 }, (_, index) => deriveId("stream", String(index)));
const owners = (ring: Ring): (string | null)[] => ids.map((id) => ring.owner(id));

describe("The ring", () => {
	const four = Ring.empty.withMembers(names);

	it("gives each of four members between a sixth and a third of the streams", () => {
		for (const name of names) {
			const share = owners(four).filter((owner) => owner === name).length / ids.length;
			assert.ok(share > 1 / 6 && share < 1 / 3, `${name} has ${share}`);
		}
	});

	it("moves only the streams of the member that leaves, and moves them back when it returns", () => {
		const before = owners(four);
		const three = four.withMembers(names.slice(0, 3));
		owners(three).forEach((owner, index) => {
			if (before[index] === "node-4:7100") assert.notEqual(owner, "node-4:7100");
			else assert.equal(owner, before[index]);
		});
		assert.deepEqual(owners(three.withMembers(names)), before);
	});

	it("is the same whatever the order and however often its members are named", () => {
		assert.deepEqual(owners(Ring.empty.withMembers([...names, ...names].reverse())), owners(four));
		assert.deepEqual(Ring.empty.withMembers([...names, ...names].reverse()).members, names);
	});

	it("names all members once, the owner first and then the one that would follow it", () => {
		for (const id of ids.slice(0, 200)) {
			const order = [...four.from(id)];
			assert.deepEqual([...order].sort(), names);
			assert.equal(order[0], four.owner(id));
			const without = four.withMembers(names.filter((name) => name !== order[0]));
			assert.equal(without.owner(id), order[1]);
		}
	});

	it("has no owner for anything when it is empty", () => {
		assert.equal(Ring.empty.owner("a"), null);
		assert.deepEqual([...Ring.empty.from("a")], []);
	});

	it("knows the ring of a stream by the beginning of its id", () => {
		assert.equal(ringOf("inbox-abc"), "notification");
		assert.equal(ringOf("g-inbox-abc"), "chat");
		assert.equal(ringOf("0123456789abcdef"), "chat");
		assert.equal(ringOf(""), "chat");
	});
});

import assert from "node:assert/strict";
import { Ring } from "../../realtime/ring.ts";

describe("the share of a member of the ring", () => {
	it("is the part of all streams that it owns", () => {
		const ring = Ring.empty.withMembers(["a:1", "b:1", "c:1"]);
		const streams = Array.from({ length: 20_000 }, (_, index) => `stream-${index}`);
		for (const name of ring.members) {
			const owned = streams.filter((stream) => ring.owner(stream) === name).length / streams.length;
			assert.ok(Math.abs(ring.share(name) - owned) < 0.02, `${name}: ${ring.share(name)} against ${owned}`);
		}
		const sum = ring.members.reduce((total, name) => total + ring.share(name), 0);
		assert.ok(Math.abs(sum - 1) < 1e-9, `${sum}`);
		assert.equal(Ring.empty.withMembers(["a:1"]).share("a:1"), 1);
		assert.equal(ring.share("nobody:1"), 0);
	});
});

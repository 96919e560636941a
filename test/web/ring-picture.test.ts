import assert from "node:assert/strict";
import { Ring } from "../../realtime/ring.ts";
import { arcsOf, placeOf, sharesOf } from "../../web/src/features/ops/ring-arithmetic.ts";

describe("the picture of the ring", () => {
	const members = ["10.0.0.1:7100", "10.0.0.2:7100", "chat-3.example:7100"];
	const arcs = arcsOf(members);

	it("gives every stream to the node that owns it", () => {
		const ring = Ring.empty.withMembers(members);
		for (let n = 0; n < 2_000; n++) {
			const stream = `stream-${n}`;
			const place = placeOf(stream);
			// A hash that is a point itself belongs to that point: arcs are open where they begin.
			const arc = arcs.find(({ from, to }) => place > from && place <= to) ?? arcs[0];
			assert.equal(arc?.owner, ring.owner(stream), stream);
		}
	});

	it("goes once around, and its shares are the whole", () => {
		assert.equal(arcs[0]?.from, 0);
		assert.equal(arcs.at(-1)?.to, 1);
		for (const [index, { from }] of arcs.entries()) if (index > 0) assert.equal(from, arcs[index - 1]?.to);
		const whole = [...sharesOf(arcs).values()].reduce((sum, share) => sum + share, 0);
		assert.ok(Math.abs(whole - 1) < 1e-9);
	});

	it("is empty without nodes", () => {
		assert.deepEqual(arcsOf([]), []);
	});
});

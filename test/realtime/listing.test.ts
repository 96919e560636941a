import assert from "node:assert/strict";
import { seeded } from "../support/random.ts";
import { follow, StreamHouse, said } from "../support/stream-house.ts";

describe("the list of active streams", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("is in the order of the ids, from any of them on, whatever order they came in", async () => {
		const engine = house.engine();
		const random = seeded(11);
		const ids = Array.from({ length: 60 }, (_, index) => `g-${Math.floor(random() * 1_000)}-${index}`);
		for (const id of ids) await engine.post(id, said("m1"));
		const sorted = [...ids].sort();
		for (const limit of [1, 2, 7, 60, 100]) {
			for (const from of [0, 1, 30, 59]) {
				const seen = engine.list(sorted[from] ?? "", limit).map(({ id }) => id);
				assert.deepEqual(seen, sorted.slice(from, from + limit), `${limit} from ${from}`);
			}
		}
		assert.deepEqual(engine.list("h", 10), []);
		await engine.stop();
		assert.deepEqual(engine.list("", 10), []);
	});

	it("tells where each ends and how many follow it", async () => {
		const engine = house.engine();
		await engine.post("a", said("m1"));
		await engine.post("a", said("m2"));
		const sink = await follow(engine, "b", { userId: "ada" });
		await follow(engine, "b");
		assert.deepEqual(engine.list("", 10), [{ id: "a", tail: 2, followers: 0 }, { id: "b", tail: 0, followers: 2 }]); // biome-ignore format: one line
		sink.handle?.leave();
		assert.deepEqual(engine.list("b", 10), [{ id: "b", tail: 0, followers: 1 }]);
		await engine.stop();
	});
});

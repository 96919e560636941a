import assert from "node:assert/strict";
import fc from "fast-check";
import { Pipeline } from "../../../services/cdc/pipeline.ts";

/** A bus of which the test says when it has taken what. */
class SlowBus {
	readonly waiting: { message: number; taken: PromiseWithResolvers<void> }[] = [];
	readonly arrived: number[] = [];
	readonly publish = (message: number): Promise<void> => {
		const taken = Promise.withResolvers<void>();
		this.waiting.push({ message, taken });
		return taken.promise;
	};

	/** Takes the one at this place of those that wait. */
	async take(place = 0): Promise<void> {
		const [one] = this.waiting.splice(place % this.waiting.length, 1);
		assert.ok(one);
		this.arrived.push(one.message);
		one.taken.resolve();
		await settled();
	}
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what is on its way to the bus", () => {
	it("keeps the order of each document and settles what has arrived with all before it, in whatever order the bus answers", async () => {
		const steps = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 24 });
		await fc.assert(
			fc.asyncProperty(steps, fc.infiniteStream(fc.nat()), async (keys, places) => {
				const bus = new SlowBus();
				const pipeline = new Pipeline<number, number>(100, bus.publish);
				for (const [at, key] of keys.entries()) await pipeline.push(key, at, at);
				await settled();
				while (bus.waiting.length > 0) {
					await bus.take(places.next().value);
					const missing = keys.findIndex((_key, at) => !bus.arrived.includes(at));
					assert.equal(pipeline.settled ?? -1, (missing < 0 ? keys.length : missing) - 1);
				}
				await pipeline.drained();
				for (const key of ["a", "b", "c"]) {
					const own = bus.arrived.filter((at) => keys[at] === key);
					assert.deepEqual(own, own.toSorted((one, other) => one - other)); // biome-ignore format: one line
				}
			}),
			{ numRuns: 50 },
		);
	});

	it("has room for so many and no more", async () => {
		const bus = new SlowBus();
		const pipeline = new Pipeline<number, number>(2, bus.publish);
		await pipeline.push("a", 1, 1);
		await pipeline.push("b", 2, 2);
		let pushed = false;
		const third = pipeline.push("c", 3, 3).then(() => {
			pushed = true;
		});
		await settled();
		assert.deepEqual([pushed, pipeline.inFlight, bus.waiting.length], [false, 2, 2]);
		await bus.take();
		await third;
		assert.equal(pipeline.inFlight, 2);
	});

	it("settles what needs no message once all before it has arrived, and keeps no list of it", async () => {
		const bus = new SlowBus();
		const pipeline = new Pipeline<number, number>(2, bus.publish);
		pipeline.pass(1);
		assert.equal(pipeline.settled, 1);
		await pipeline.push("a", 2, 2);
		for (let mark = 3; mark < 1_000; mark++) pipeline.pass(mark);
		await settled();
		assert.deepEqual([pipeline.settled, pipeline.waiting], [1, 2]);
		await bus.take();
		assert.deepEqual([pipeline.settled, pipeline.waiting], [999, undefined]);
	});

	it("sends nothing more once one has failed, settles nothing after it and says why", async () => {
		const sent: number[] = [];
		const pipeline = new Pipeline<number, number>(10, async (message) => {
			sent.push(message);
			if (message === 2) throw new Error("stopped");
		});
		await pipeline.push("a", 1, 1);
		await pipeline.push("b", 2, 2);
		await pipeline.push("b", 3, 3);
		await assert.rejects(pipeline.drained(), /stopped/);
		assert.deepEqual(sent, [1, 2]);
		assert.equal(pipeline.settled, 1);
		await assert.rejects(pipeline.push("c", 4, 4), /stopped/);
	});
});

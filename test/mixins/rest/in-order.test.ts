import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { inOrder } from "../../../mixins/rest/in-order.ts";

async function* numbers(count: number, onAsked: (value: number) => void = () => undefined): AsyncGenerator<number> {
	for (let value = 0; value < count; value++) {
		onAsked(value);
		yield value;
	}
}

describe("work side by side with results in order", () => {
	it("yields in the order of the items, whichever is done first", async () => {
		const work = async (value: number): Promise<number> => {
			for (let turns = 10 - (value % 10); turns > 0; turns--) await turn();
			return value;
		};
		const results: number[] = [];
		for await (const value of inOrder(numbers(50), work, 4)) results.push(value);
		assert.deepEqual(
			results,
			Array.from({ length: 50 }, (_, index) => index),
		);
	});

	it("begins no more than the width, and reads no further, while nobody takes a result", async () => {
		let begun = 0;
		let asked = 0;
		const work = async (value: number): Promise<number> => {
			begun += 1;
			return value;
		};
		const results = inOrder(
			numbers(1_000, () => {
				asked += 1;
			}),
			work,
			4,
		);
		await results.next();
		for (let turns = 0; turns < 100; turns++) await turn();
		assert.ok(begun <= 5 && asked <= 6, `${begun} begun, ${asked} asked`);
		await results.return();
	});

	it("yields what is done while the source is silent", async () => {
		const source = Promise.withResolvers<number>();
		async function* slow(): AsyncGenerator<number> {
			yield 1;
			yield await source.promise;
		}
		const results = inOrder(slow(), async (value) => value, 4);
		assert.equal((await results.next()).value, 1);
		source.resolve(2);
		assert.equal((await results.next()).value, 2);
		assert.equal((await results.next()).done, true);
	});

	it("fails with its source, and ends the source when it is left", async () => {
		async function* broken(): AsyncGenerator<number> {
			yield 1;
			throw new Error("cut off");
		}
		const all = async (): Promise<void> => {
			for await (const _ of inOrder(broken(), async (value) => value, 4));
		};
		await assert.rejects(all, /cut off/);
		const ended = Promise.withResolvers<void>();
		async function* left(): AsyncGenerator<number> {
			try {
				for (let value = 0; ; value++) yield value;
			} finally {
				ended.resolve();
			}
		}
		for await (const _ of inOrder(left(), async (value) => value, 2)) break;
		await ended.promise;
	});
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { batchesOf, type Line } from "../../../mixins/rest/lines.ts";

const options = { lineLimit: 20, maxLines: 3, maxBytes: 40 };

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
	let from = 0;
	for (let at = 0; from < bytes.length; at++) {
		const size = sizes[at % sizes.length] ?? 1;
		yield bytes.subarray(from, from + size);
		from += size;
	}
}

const split = async (text: string | Buffer, sizes: readonly number[] = [7]): Promise<Line[][]> => {
	const batches: Line[][] = [];
	for await (const batch of batchesOf(cut(Buffer.from(text), sizes), options)) batches.push(batch);
	return batches;
};

describe("a stream of bytes as lines", () => {
	it("gives the same lines wherever the chunks are cut", async () => {
		const text = fc.string({ unit: "grapheme", maxLength: 80 });
		await fc.assert(
			fc.asyncProperty(fc.array(text), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (parts, sizes) => {
				const whole = parts.join("\n");
				const expected = whole
					.split("\n")
					.filter((line) => line.trim() !== "" || Buffer.byteLength(line) > options.lineLimit)
					.map((line) => (Buffer.byteLength(line) > options.lineLimit ? { wrong: "too long" } : { text: line }));
				assert.deepEqual((await split(whole, sizes)).flat(), expected);
			}),
		);
	});

	it("takes a line of just the limit, and tells of a longer one without holding it", async () => {
		const lines = (await split(`${"a".repeat(20)}\n${"b".repeat(21)}\n${"c".repeat(10_000)}\nd`)).flat();
		assert.deepEqual(lines, [{ text: "a".repeat(20) }, { wrong: "too long" }, { wrong: "too long" }, { text: "d" }]);
	});

	it("tells of bytes that are not UTF-8", async () => {
		const lines = (await split(Buffer.from([0x61, 0x0a, 0xff, 0x0a, 0x62]))).flat();
		assert.deepEqual(lines, [{ text: "a" }, { wrong: "not UTF-8" }, { text: "b" }]);
	});

	it("packs no more lines and bytes into a batch than it may", async () => {
		const sizes = (batches: Line[][]): number[] => batches.map(({ length }) => length);
		assert.deepEqual(sizes(await split("a\nb\nc\nd\ne\n", [100])), [3, 2]);
		const long = "x".repeat(19);
		assert.deepEqual(sizes(await split(`${long}\n${long}\n${long}\n`, [100])), [2, 1]);
	});
});

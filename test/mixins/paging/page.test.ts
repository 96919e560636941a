import assert from "node:assert/strict";
import Type from "typebox";
import { decodeCursor } from "../../../mixins/paging/cursor.ts";
import { fitting, mostBytes, toPage } from "../../../mixins/paging/page.ts";

const rowsOf = (count: number, length: number) =>
	Array.from({ length: count }, (_, index) => ({ _id: index + 1, text: "x".repeat(length) }));
const page = (rows: ReturnType<typeof rowsOf>, limit: number) =>
	toPage(
		rows,
		limit,
		({ text }) => text,
		({ _id }) => ({ _id }),
	);

describe("pages of lists", () => {
	it("end with a cursor where one more was found, and with null where none was", () => {
		const { items, nextCursor } = page(rowsOf(4, 1), 3);
		assert.equal(items.length, 3);
		assert.deepEqual(decodeCursor(nextCursor ?? "", Type.Object({ _id: Type.Integer() })), { _id: 3 });
		assert.deepEqual(page(rowsOf(3, 1), 3), { items: ["x", "x", "x"], nextCursor: null });
		assert.deepEqual(page([], 3), { items: [], nextCursor: null });
	});

	it("end before an answer is more than the bus carries, and the next one goes on from there", () => {
		const { items, nextCursor } = page(rowsOf(3, 300 * 1024), 3);
		assert.equal(items.length, 2);
		assert.deepEqual(decodeCursor(nextCursor ?? "", Type.Object({ _id: Type.Integer() })), { _id: 2 });
		assert.ok(Buffer.byteLength(JSON.stringify(items)) <= mostBytes);
	});

	it("hold one item at least, or nobody would get past it", () => {
		assert.equal(fitting(["x".repeat(mostBytes + 1), "y"]).length, 1);
		assert.deepEqual(fitting([]), []);
	});
});

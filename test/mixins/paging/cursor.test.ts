import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import Type from "typebox";
import { DomainError } from "../../../contracts/errors.ts";
import { decodeCursor, encodeCursor } from "../../../mixins/paging/cursor.ts";
import { toPage } from "../../../mixins/paging/page.ts";

const Position = Type.Object({ name: Type.String(), id: Type.String() });

const refusedAtCursor = (error: unknown): boolean => {
	assert.ok(error instanceof DomainError);
	assert.equal(error.code, "VALIDATION");
	assert.equal(error.extras.errors?.[0]?.pointer, "/cursor");
	return true;
};

describe("cursors", () => {
	it("give back the position they were made of, whatever is in it", () => {
		fc.assert(
			fc.property(fc.record({ name: fc.string({ unit: "grapheme" }), id: fc.string() }), (position) => {
				const cursor = encodeCursor(position);
				assert.match(cursor, /^[A-Za-z0-9_-]+$/);
				assert.deepEqual(decodeCursor(cursor, Position), { ...position });
			}),
		);
	});

	it("are refused when they were made up, whatever the text", () => {
		fc.assert(
			fc.property(fc.string({ minLength: 1, maxLength: 512 }), (text) => {
				assert.throws(() => decodeCursor(text, Position), refusedAtCursor);
			}),
		);
	});

	it("are refused when one character was changed or the end was cut", () => {
		const cursor = encodeCursor({ name: "Mei", id: "abc" });
		for (let at = 0; at < cursor.length - 1; at++) {
			const other = cursor[at] === "A" ? "B" : "A";
			assert.throws(() => decodeCursor(cursor.slice(0, at) + other + cursor.slice(at + 1), Position), refusedAtCursor);
		}
		assert.throws(() => decodeCursor(cursor.slice(0, -4), Position), refusedAtCursor);
		assert.throws(() => decodeCursor(Buffer.from('{"name":"Mei","id":"abc"}').toString("base64url"), Position), refusedAtCursor);
	});

	it("are refused when even their check was made up", () => {
		const body = Buffer.from("{");
		const check = createHash("sha256").update("souk cursor\0").update(body).digest().subarray(0, 6);
		assert.throws(() => decodeCursor(Buffer.concat([check, body]).toString("base64url"), Position), refusedAtCursor);
	});

	it("of one list are refused by another", () => {
		assert.throws(() => decodeCursor(encodeCursor({ createdAt: "2026-01-01T00:00:00.000Z" }), Position), refusedAtCursor);
	});
});

describe("a page", () => {
	const page = (rows: readonly number[], limit: number) =>
		toPage(
			rows,
			limit,
			(row) => `#${row}`,
			(row) => ({ row }),
		);

	it("has a next cursor at its last item when there is one row more than asked for", () => {
		const { items, nextCursor } = page([1, 2, 3], 2);
		assert.deepEqual(items, ["#1", "#2"]);
		assert.deepEqual(decodeCursor(nextCursor ?? "", Type.Object({ row: Type.Number() })), { row: 2 });
	});

	it("says null at the end, and on an empty list", () => {
		assert.deepEqual(page([1, 2], 2), { items: ["#1", "#2"], nextCursor: null });
		assert.deepEqual(page([], 2), { items: [], nextCursor: null });
	});
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { DomainError } from "../../../contracts/errors.ts";
import type { Entry } from "../../../realtime/entry.ts";
import { amendKeys, amendment, checkText, countFor, deletionId, excerpt, newMessage } from "../../../services/chat/message.ts";

const entry = (more: Partial<Entry>): Entry => ({
	stream: "s",
	seq: 1,
	id: "m1",
	type: "message.posted",
	from: "ann",
	body: { text: "one" },
	at: "2026-01-01T00:00:00.000Z",
	...more,
});
const code = (work: () => unknown): string => {
	try {
		work();
	} catch (error) {
		if (error instanceof DomainError) return error.code;
		throw error;
	}
	return "none";
};

describe("chat: what a message may be", () => {
	it("text is counted in code points and changed in nothing", () => {
		fc.assert(fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 100 }), (text) => checkText(text) === text));
		assert.equal(code(() => checkText("👍".repeat(16_000))), "none"); // biome-ignore format: one line
		assert.equal(code(() => checkText("👍".repeat(16_001))), "VALIDATION"); // biome-ignore format: one line
		assert.equal(code(() => checkText("")), "VALIDATION"); // biome-ignore format: one line
		assert.equal(code(() => checkText("\udc4d")), "VALIDATION"); // biome-ignore format: one line
	});

	it("an excerpt is the first 200 characters and halves none", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 600 }), (text) => excerpt(text) === [...text].slice(0, 200).join("")),
		);
	});

	it("its event tells the others, under the seq that the entry got, and who of them was not there", () => {
		const room = { members: ["ann", "bob", "cid"], following: () => new Set(["ann", "cid"]) };
		const request = newMessage("m1", { id: "ann", name: "Ann" }, "hello", room);
		const [event] = request.events?.(entry({ seq: 7, body: request.body })) ?? [];
		assert.deepEqual(event, { type: "chat.message_posted", subject: "s", data: { streamId: "s", messageId: "m1", seq: 7, senderId: "ann", senderName: "Ann", memberIds: ["bob", "cid"], absentIds: ["bob"], content: "hello" } }); // biome-ignore format: one line
	});

	it("is amended by whoever wrote it, as long as it is there", () => {
		const keys = amendKeys("ann", "m1");
		assert.deepEqual(keys, [{ from: "ann", id: "m1" }, { from: "ann", id: deletionId("m1") }]); // biome-ignore format: one line
		const edit = (found: Entry[], from = "ann") => amendment("e1", from, "m1", "two", found);
		assert.deepEqual(edit([entry({})]), { id: "e1", from: "ann", type: "message.edited", body: { target: "m1", text: "two" } }); // biome-ignore format: one line
		const deletion = entry({ id: deletionId("m1"), type: "message.deleted", body: { target: "m1" } });
		for (const found of [[], [entry({ type: "message.edited" })], [entry({ erased: true, body: null })], [entry({}), deletion]]) assert.equal(code(() => edit(found)), "NOT_FOUND"); // biome-ignore format: one line
		assert.equal(code(() => edit([entry({})], "bob")), "NOT_FOUND"); // biome-ignore format: one line
		assert.equal(code(() => amendment("e1", "ann", "m1", "", [entry({})])), "VALIDATION"); // biome-ignore format: one line
	});

	it("a deletion has the same id each time, and may come again", () => {
		const once = amendment("d1", "ann", "m1", null, [entry({})]);
		const deletion = entry({ id: once.id, type: once.type, body: once.body, seq: 2 });
		assert.deepEqual(amendment("d2", "ann", "m1", null, [entry({}), deletion]), once);
	});

	it("counts for others only, and only as a message", () => {
		const entries = [entry({}), entry({ from: "bob" }), entry({ type: "message.edited" }), entry({ type: "message.deleted" }), entry({ type: "member.joined" }), entry({ erased: true, body: null })]; // biome-ignore format: one line
		assert.deepEqual(["ann", "bob", "cid"].map((id) => countFor(id, entries)), [1, 2, 3]); // biome-ignore format: one line
	});
});

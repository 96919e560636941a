import assert from "node:assert/strict";
import { chatMessages, type SeenEntry, timeIn } from "../../../../services/gateway/older/chat-words.ts";

const entry = (seq: number, id: string, from: string, type: string, body: object | null): SeenEntry => {
	return { seq, id, type: `message.${type}`, from, body, at: `2026-01-01T00:00:0${seq}.000Z` };
};
const contents = (entries: readonly SeenEntry[]): string[] =>
	chatMessages("s", entries, () => undefined).map(({ content }) => content);

describe("Messages in the words of the first chat", () => {
	it("have the names that it reads", () => {
		const posted = entry(1, "m1", "ann", "posted", { text: "hello" });
		const plain = { message_id: "m1", stream_id: "s", sender_id: "ann", content: "hello", created_at: posted.at };
		assert.deepEqual(chatMessages("s", [posted], () => "bob"), [{ ...plain, receiver_id: "bob" }]); // biome-ignore format: one line
		assert.deepEqual(chatMessages("s", [posted], () => undefined), [plain]); // biome-ignore format: one line
	});

	it("are as their own poster last left them", () => {
		const posted = [entry(1, "m1", "ann", "posted", { text: "one" }), entry(2, "m1", "bob", "posted", { text: "two" })];
		const edited = [entry(3, "e1", "bob", "edited", { target: "m1", text: "2" }), entry(4, "e2", "bob", "edited", { target: "m1", text: "II" })]; // biome-ignore format: one line
		assert.deepEqual(contents([...posted, ...edited]), ["one", "II"]);
		assert.deepEqual(contents([...posted, entry(5, "d", "ann", "deleted", { target: "m1" }), ...edited]), ["II"]);
		assert.deepEqual(contents(edited), []);
	});

	it("are none where nothing was said, or it was erased", () => {
		const joined = { ...entry(1, "j", "ann", "x", { userId: "cid", by: "ann" }), type: "member.joined" };
		assert.deepEqual(contents([joined, entry(2, "m1", "ann", "posted", null)]), []);
	});
});

describe("A time of those clients", () => {
	it("is ISO 8601, or milliseconds since 1970", () => {
		assert.equal(timeIn("2026-01-02T03:04:05+08:00"), "2026-01-01T19:04:05.000Z");
		assert.equal(timeIn("2026-01-02"), "2026-01-02T00:00:00.000Z");
		assert.equal(timeIn("1767225600000"), "2026-01-01T00:00:00.000Z");
	});

	it("is nothing else", () => {
		for (const text of ["", "7", "m1", "2026-99-99", "March 1, 2026", "99999999999999999", "abcd-01-01"]) assert.equal(timeIn(text), undefined); // biome-ignore format: one line
	});
});

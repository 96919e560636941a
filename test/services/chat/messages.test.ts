import assert from "node:assert/strict";
import type { EventData } from "../../../contracts/events.ts";
import type { PostedView } from "../../../contracts/http/chat.ts";
import { newId } from "../../../contracts/ids.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type ChatNode, startChatNode } from "../../support/chat-node.ts";
import { refused } from "../../support/refused.ts";

bothStores("chat: messages", (profile) => {
	let node: ChatNode;
	let streamId = "";

	before(async () => {
		node = await startChatNode(profile());
	});
	beforeEach(async () => {
		({ streamId } = await node.open("ann", "bob", "cid"));
		node.events.splice(0);
	});
	after(() => node?.stop());

	it("get seq 1, 2, 3, and all members see the same", async () => {
		const posted = [
			await node.say(streamId, "ann", "one"),
			await node.say(streamId, "bob", "two"),
			await node.say(streamId, "ann", "three", "mine"),
		];
		assert.deepEqual(posted.map(({ seq }) => seq), [1, 2, 3]); // biome-ignore format: one line
		assert.equal(posted[2]?.id, "mine");
		const seen = await node.messages(streamId, "cid");
		assert.deepEqual(seen.map(({ seq, id, at, from, type, body, stream }) => [seq, id, at, from, type, body, stream]), posted.map(({ seq, id, at }) => [seq, id, at, seq === 2 ? "bob" : "ann", "message.posted", { text: ["one", "two", "three"][seq - 1] }, streamId])); // biome-ignore format: one line
		assert.deepEqual(await node.messages(streamId, "ann"), seen);
	});

	it("posts of many at once make one history without a gap", async () => {
		const posted = await Promise.all(
			Array.from({ length: 40 }, (_, index) => node.say(streamId, ["ann", "bob"][index % 2] ?? "", `${index}`)),
		);
		assert.deepEqual(posted.map(({ seq }) => seq).sort((a, b) => a - b), Array.from({ length: 40 }, (_, index) => index + 1)); // biome-ignore format: one line
	});

	it("text is kept to the letter, 1 to 16,000 characters as people count them", async () => {
		const odd = "  tabs\t and\r\nlines \u0000 e\u0301 👩‍👩‍👧 \u202e ";
		const long = "👍".repeat(16_000);
		await node.say(streamId, "ann", odd, "odd");
		await node.say(streamId, "ann", long, "long");
		await node.say(streamId, "ann", " ", "blank");
		const seen = await node.messages(streamId, "bob");
		assert.deepEqual(seen.map(({ body }) => (body as { text: string }).text), [odd, long, " "]); // biome-ignore format: one line
		for (const text of ["", "x".repeat(16_001), `${long}x`, "half \ud83d"]) await refused(node.say(streamId, "ann", text), "VALIDATION"); // biome-ignore format: one line
		await refused(node.say(streamId, "ann", "x", "no spaces"), "VALIDATION");
		await refused(node.say(streamId, "ann", "x", "x".repeat(65)), "VALIDATION");
	});

	it("the same id again is the same message; with another text it is refused; another person may use it too", async () => {
		const first = await node.say(streamId, "ann", "hello", "m1");
		assert.deepEqual(await node.say(streamId, "ann", "hello", "m1"), first);
		await refused(node.say(streamId, "ann", "other", "m1"), "ID_REUSED");
		assert.equal((await node.say(streamId, "bob", "other", "m1")).seq, 2);
		assert.equal((await node.messages(streamId, "ann")).length, 2);
	});

	it("without an id the request's key stands for it", async () => {
		const request = { key: newId(), hash: "h" };
		const body = { streamId, text: "hello" };
		const first = await node.call<PostedView>("post", body, "ann", request);
		const again = await node.call<PostedView>("post", body, "ann", request);
		assert.deepEqual(again.body, first.body);
		assert.deepEqual([first.meta.replayed, again.meta.replayed], [undefined, true]);
		await refused(node.call("post", { ...body, text: "x" }, "ann", { ...request, hash: "x" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("chat.message_posted is told once a message, with all that a consumer needs", async () => {
		const text = `${"é".repeat(150)}${"👍".repeat(100)}`;
		const { seq } = await node.say(streamId, "ann", text, "m1");
		await node.say(streamId, "ann", text, "m1");
		await node.call("edit", { streamId, id: "m1", text: "x" }, "ann");
		assert.equal(node.events.length, 1);
		const { type, subject, source, data } = node.events[0] ?? assert.fail();
		assert.deepEqual([type, subject, source], ["chat.message_posted", streamId, "/souk/chat"]);
		const { memberIds, absentIds = [], ...facts } = data as EventData["chat.message_posted"];
		assert.deepEqual(facts, { streamId, messageId: "m1", seq, senderId: "ann", senderName: "Name of ann", content: `${"é".repeat(150)}${"👍".repeat(50)}` }); // biome-ignore format: one line
		assert.deepEqual([...memberIds].sort(), ["bob", "cid"]);
		assert.deepEqual([...absentIds].sort(), ["bob", "cid"]);
	});

	it("goes out without a name when nobody can tell it", async () => {
		const auth = node.broker.getLocalService("auth");
		await node.broker.destroyService(auth);
		try {
			await node.say(streamId, "ann", "hello");
		} finally {
			node.broker.createService(auth.originalSchema as never);
			await node.broker.waitForServices("auth");
		}
		assert.equal("senderName" in (node.events[0]?.data ?? {}), false);
	});

	it("an edit and a deletion are entries; the log stays as it was", async () => {
		await node.say(streamId, "ann", "one", "m1");
		const edited = (await node.call<PostedView>("edit", { streamId, id: "m1", text: "ONE" }, "ann")).body;
		await node.call("delete", { streamId, id: "m1" }, "ann");
		await node.call("delete", { streamId, id: "m1" }, "ann");
		assert.equal(edited.seq, 2);
		const seen = await node.messages(streamId, "bob");
		assert.deepEqual(seen.map(({ type, body }) => [type, body]), [["message.posted", { text: "one" }], ["message.edited", { target: "m1", text: "ONE" }], ["message.deleted", { target: "m1" }]]); // biome-ignore format: one line
		await refused(node.call("edit", { streamId, id: "m1", text: "again" }, "ann"), "NOT_FOUND");
	});

	it("only one's own messages are changed, and only messages", async () => {
		await node.say(streamId, "ann", "one", "m1");
		const { id } = (await node.call<PostedView>("edit", { streamId, id: "m1", text: "ONE" }, "ann")).body;
		await refused(node.call("edit", { streamId, id: "m1", text: "x" }, "bob"), "NOT_FOUND");
		await refused(node.call("delete", { streamId, id: "m1" }, "bob"), "NOT_FOUND");
		await refused(node.call("delete", { streamId, id: "none" }, "ann"), "NOT_FOUND");
		await refused(node.call("edit", { streamId, id, text: "x" }, "ann"), "NOT_FOUND");
		await refused(node.call("edit", { streamId, id: "m1", text: "" }, "ann"), "VALIDATION");
		await node.service.log.erase(streamId, { from: "ann" });
		await refused(node.call("edit", { streamId, id: "m1", text: "x" }, "ann"), "NOT_FOUND");
	});

	it("history goes both ways by cursor", async () => {
		for (let n = 1; n <= 7; n++) await node.say(streamId, "ann", `${n}`);
		const seqs = async (query: object): Promise<number[]> => (await node.messages(streamId, "bob", query)).map(({ seq }) => seq);
		assert.deepEqual(await seqs({ limit: 3 }), [5, 6, 7]);
		assert.deepEqual(await seqs({ before: 5, limit: 3 }), [2, 3, 4]);
		assert.deepEqual(await seqs({ after: 5 }), [6, 7]);
		assert.deepEqual(await seqs({ after: 0, limit: 2 }), [1, 2]);
		await refused(seqs({ after: 1, before: 3 }), "VALIDATION");
		await refused(seqs({ limit: 101 }), "VALIDATION");
	});

	it("strangers find nothing, to read or to write", async () => {
		await refused(node.messages(streamId, "dan"), "NOT_FOUND");
		await refused(node.say(streamId, "dan", "x"), "NOT_FOUND");
		await refused(node.call("read", { streamId, seq: 1 }, "dan"), "NOT_FOUND");
		await refused(node.messages("inbox-ann", "ann"), "NOT_FOUND");
	});
});

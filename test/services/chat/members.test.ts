import assert from "node:assert/strict";
import type { ConversationView } from "../../../contracts/http/chat.ts";
import { newId } from "../../../contracts/ids.ts";
import { eraseUser } from "../../../services/chat/erasing.mixin.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type ChatNode, startChatNode } from "../../support/chat-node.ts";
import { refused } from "../../support/refused.ts";

bothStores("chat: members and blocks", (profile) => {
	let node: ChatNode;
	let streamId = "";

	before(async () => {
		node = await startChatNode(profile());
	});
	beforeEach(async () => {
		({ streamId } = await node.open("ann", "bob", "cid"));
	});
	after(() => node?.stop());

	const add = (userId: string, by = "ann", request = {}) =>
		node.call<ConversationView>("addMember", { streamId, userId }, by, request);
	const remove = (userId: string, by: string) => node.call("removeMember", { streamId, userId }, by);
	const version = async (): Promise<number> => (await node.service.store.conversations.findById(streamId))?.version ?? 0;
	const told = async (): Promise<unknown[]> =>
		(await node.messages(streamId, "ann")).map(({ type, from, body }) => [type, from, body]);

	it("takes somebody in: they see all, it says so in the log, and the version of the membership moves", async () => {
		await node.say(streamId, "ann", "before");
		const before = await version();
		const { body } = await add("dan");
		assert.deepEqual(body.members.map(({ id }) => id).sort(), ["ann", "bob", "cid", "dan"]);
		assert.equal(await version(), before + 1);
		assert.deepEqual(await told(), [["message.posted", "ann", { text: "before" }], ["member.joined", "ann", { userId: "dan", by: "ann" }]]); // biome-ignore format: one line
		assert.equal((await node.messages(streamId, "dan")).length, 2);
		assert.deepEqual([(await node.view(streamId, "dan")).unread, (await node.view(streamId, "dan")).readSeq], [0, 1]);
	});

	it("a repeat takes nobody in twice and writes no second entry", async () => {
		const request = { key: newId(), hash: "h" };
		await add("dan", "ann", request);
		const again = await add("dan", "ann", request);
		assert.equal(again.meta.replayed, true);
		await add("dan", "bob");
		assert.equal((await told()).length, 1);
		await refused(add("bob", "ann", { ...request, hash: "other" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("an entry that the node did not get to write is written by whoever looks next", async () => {
		const { post } = node.service.streams;
		node.service.streams.post = () => Promise.reject(new Error("the node dies here"));
		await assert.rejects(add("dan"), /dies here/);
		node.service.streams.post = post;
		assert.deepEqual(await told(), [["member.joined", "ann", { userId: "dan", by: "ann" }]]);
		assert.equal((await node.service.store.conversations.findById(streamId))?.pending?.length, 0);
		assert.equal((await node.list("dan")).some((one) => one.streamId === streamId), true); // biome-ignore format: one line
	});

	it("who leaves is out: it is no longer theirs to read, write or list, and nobody counts for them", async () => {
		await node.say(streamId, "ann", "one");
		const before = await version();
		await remove("bob", "bob");
		assert.equal(await version(), before + 1);
		await refused(node.messages(streamId, "bob"), "NOT_FOUND");
		await refused(node.say(streamId, "bob", "x"), "NOT_FOUND");
		await refused(node.view(streamId, "bob"), "NOT_FOUND");
		await refused(add("dan", "bob"), "NOT_FOUND");
		await refused(remove("bob", "bob"), "NOT_FOUND");
		assert.equal((await node.list("bob")).some((one) => one.streamId === streamId), false); // biome-ignore format: one line
		await node.say(streamId, "ann", "two");
		assert.deepEqual((await told())[1], ["member.left", "bob", { userId: "bob", by: "bob" }]);
		await add("bob");
		assert.deepEqual([(await node.view(streamId, "bob")).unread, (await node.view(streamId, "bob")).readSeq], [0, 3]);
	});

	it("whoever made the group may show others out, others may not", async () => {
		await refused(remove("cid", "bob"), "FORBIDDEN");
		await remove("cid", "ann");
		await remove("cid", "ann");
		assert.deepEqual(await told(), [["member.left", "ann", { userId: "cid", by: "ann" }]]);
	});

	it("strangers learn nothing, and nobody is nobody", async () => {
		await refused(add("dan", "dan"), "NOT_FOUND");
		await refused(remove("bob", "dan"), "NOT_FOUND");
		await refused(add("nobody"), "NOT_FOUND");
		await refused(node.call("addMember", { streamId: "g-none", userId: "dan" }, "ann"), "NOT_FOUND");
	});

	it("a pair stays a pair", async () => {
		({ streamId } = await node.open("ann", "bob"));
		await refused(add("cid"), "TRANSITION_REFUSED");
		await refused(remove("ann", "ann"), "TRANSITION_REFUSED");
	});

	it("a block ends writing in the pair both ways, and lets both read; in a group it only keeps from taking in", async () => {
		const pair = await node.open("ann", "dan");
		await node.say(pair.streamId, "dan", "hello", "d1");
		await node.call("block", { userId: "dan" }, "ann");
		await node.call("block", { userId: "dan" }, "ann");
		await refused(node.say(pair.streamId, "dan", "still there?"), "FORBIDDEN");
		await refused(node.say(pair.streamId, "ann", "no"), "FORBIDDEN");
		await refused(node.call("edit", { streamId: pair.streamId, id: "d1", text: "x" }, "dan"), "FORBIDDEN");
		await node.call("delete", { streamId: pair.streamId, id: "d1" }, "dan");
		assert.equal((await node.messages(pair.streamId, "dan")).length, 2);
		await refused(add("dan"), "FORBIDDEN");
		await refused(node.open("dan", "ann", "bob"), "FORBIDDEN");
		await add("dan", "bob");
		await node.call("unblock", { userId: "dan" }, "ann");
		await node.call("unblock", { userId: "dan" }, "ann");
		await node.say(pair.streamId, "dan", "thanks");
	});

	it("nobody blocks themselves or nobody", async () => {
		await refused(node.call("block", { userId: "ann" }, "ann"), "VALIDATION");
		await refused(node.call("block", { userId: "nobody" }, "ann"), "NOT_FOUND");
	});

	it("an account that is deleted leaves its groups and its messages, and the seqs stay", async () => {
		node.people.set("eve", true);
		const pair = await node.open("eve", "ann");
		await add("eve");
		await node.say(streamId, "ann", "hello");
		await node.say(streamId, "eve", "secret");
		await node.say(pair.streamId, "eve", "secret");
		({ streamId } = await node.open("ann", "eve", "bob"));
		await node.say(streamId, "eve", "left before");
		await remove("eve", "eve");
		const groups = (await node.list("ann")).filter(({ members: all }) => all.some(({ id }) => id === "eve")).length;
		assert.equal(groups, 2);
		node.people.delete("eve");
		for (let times = 0; times < 2; times++) await eraseUser(node.service, "eve", Date.now());
		const all = await node.service.store.entries.find({ where: { from: "eve" } });
		assert.ok(all.length >= 4);
		assert.deepEqual(all.filter(({ body, erased }) => body !== null || !erased), []); // biome-ignore format: one line
		const list = await node.list("ann");
		assert.equal(JSON.stringify(list).includes("secret") || JSON.stringify(list).includes("left before"), false);
		const [withEve, ...others] = list.filter(({ members: members_ }) => members_.some(({ id }) => id === "eve"));
		assert.deepEqual([withEve?.streamId, others.length, withEve?.lastEntry?.erased], [pair.streamId, 0, true]);
		assert.equal(withEve?.members.find(({ id }) => id === "eve")?.name, "Deleted user");
	});
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ConversationView } from "../../../contracts/http/chat.ts";
import { newId } from "../../../contracts/ids.ts";
import { membershipId } from "../../../services/chat/membership.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type ChatNode, startChatNode } from "../../support/chat-node.ts";
import { refused } from "../../support/refused.ts";

const ids = (view: ConversationView): string[] => view.members.map(({ id }) => id).sort();

bothStores("chat: conversations", (profile) => {
	let node: ChatNode;
	let made = 0;
	/** People nobody has talked to yet. */
	const newcomers = (count: number): string[] =>
		Array.from({ length: count }, () => {
			const id = `p${++made}`;
			node.people.set(id, true);
			return id;
		});

	before(async () => {
		node = await startChatNode(profile());
	});
	after(() => node?.stop());

	it("a pair has one conversation, whoever opens it: 201 and then 200", async () => {
		const [a = "", b = ""] = newcomers(2);
		const first = await node.call<ConversationView>("open", { memberIds: [b] }, a);
		const digest = createHash("sha256").update([a, b].sort().join("")).digest("hex");
		assert.equal(first.body.streamId, digest.slice(0, 16));
		assert.deepEqual(ids(first.body), [a, b].sort());
		assert.deepEqual([first.body.lastSeq, first.body.readSeq, first.body.unread, first.meta.status], [0, 0, 0, undefined]);
		assert.equal(first.body.members[0]?.name, `Name of ${first.body.members[0]?.id}`);
		await node.say(first.body.streamId, a, "hello");
		const second = await node.call<ConversationView>("open", { memberIds: [a] }, b);
		assert.equal(second.body.streamId, first.body.streamId);
		assert.equal(second.meta.status, 200);
		assert.deepEqual([second.body.lastSeq, second.body.unread], [1, 1]);
	});

	it("a group is new each time; with a key it is made once", async () => {
		const [a = "", b = "", c = ""] = newcomers(3);
		const one = await node.open(a, b, c);
		const two = await node.open(a, b, c, b);
		assert.match(one.streamId, /^g-[a-z2-7]{24}$/);
		assert.notEqual(one.streamId, two.streamId);
		assert.deepEqual(ids(two), [a, b, c].sort());
		const request = { key: newId(), hash: "h" };
		const body = { memberIds: [b, c], title: "Lunch" };
		const first = await node.call<ConversationView>("open", body, a, request);
		await node.say(first.body.streamId, a, "hello");
		const again = await node.call<ConversationView>("open", body, a, request);
		assert.deepEqual(again.body, first.body);
		assert.equal(again.body.title, "Lunch");
		assert.equal(again.meta.replayed, true);
		assert.equal(again.meta.status, undefined);
		await refused(node.call("open", { memberIds: [b] }, a, { ...request, hash: "other" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("a pair that was opened under a key is answered as then, under the same key", async () => {
		const [a = "", b = "", c = ""] = newcomers(3);
		const request = { key: newId(), hash: "h" };
		const first = await node.call<ConversationView>("open", { memberIds: [b] }, a, request);
		await node.say(first.body.streamId, b, "hello");
		const again = await node.call<ConversationView>("open", { memberIds: [b] }, a, request);
		assert.deepEqual(again.body, first.body);
		assert.deepEqual([again.meta.replayed, again.meta.status], [true, undefined]);
		await refused(node.call("open", { memberIds: [c] }, a, { ...request, hash: "other" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("refuses oneself, nobody, and who is suspended", async () => {
		const [a = "", b = ""] = newcomers(2);
		assert.equal((await refused(node.open(a, a), "VALIDATION")).extras.errors?.[0]?.pointer, "/memberIds/0");
		await refused(node.open(a, b, a), "VALIDATION");
		await refused(node.open(a, "nobody"), "NOT_FOUND");
		node.people.set(b, false);
		await refused(node.open(a, b), "NOT_FOUND");
	});

	it("an id that another pair has is refused, not shared", async () => {
		const [a = "", b = ""] = newcomers(2);
		const { streamId } = await node.open(a, b);
		await node.service.store.conversations.update({ _id: streamId }, { $set: { founders: ["x", "y"] } });
		await refused(node.open(a, b), "ID_REUSED");
	});

	it("lists by last activity, page by page, each conversation once", async () => {
		const [me = "", ...others] = newcomers(6);
		const streams: string[] = [];
		for (const other of others) streams.push((await node.open(me, other)).streamId);
		for (const index of [3, 0, 2]) await node.say(streams[index] ?? "", others[index] ?? "", "hi");
		const seen: string[] = [];
		let cursor: string | null = null;
		do {
			const page: { items: ConversationView[]; nextCursor: string | null } = (
				await node.call<{ items: ConversationView[]; nextCursor: string | null }>(
					"list",
					{ limit: 2, ...(cursor && { cursor }) },
					me,
				)
			).body;
			seen.push(...page.items.map(({ streamId }) => streamId));
			cursor = page.nextCursor;
		} while (cursor);
		assert.deepEqual(seen.slice(0, 3), [2, 0, 3].map((index) => streams[index])); // biome-ignore format: one line
		assert.deepEqual([...seen].sort(), [...streams].sort());
		await refused(node.call("list", { cursor: "none" }, me), "VALIDATION");
	});

	it("shows the last entry and how many messages of others are unread; edits, deletions and who came do not count", async () => {
		const [a = "", b = "", c = "", d = ""] = newcomers(4);
		const { streamId } = await node.open(a, b, c);
		await node.say(streamId, a, "one", "m1");
		await node.say(streamId, b, "two", "m2");
		await node.call("edit", { streamId, id: "m1", text: "ONE" }, a);
		await node.call("addMember", { streamId, userId: d }, a);
		await node.call("delete", { streamId, id: "m2" }, b);
		const expected = { [a]: 1, [b]: 1, [c]: 2, [d]: 0 };
		for (const [person, unread] of Object.entries(expected)) {
			const [row] = await node.list(person);
			assert.deepEqual([row?.streamId, row?.lastSeq, row?.unread], [streamId, 5, unread], person);
			assert.deepEqual([row?.lastEntry?.seq, row?.lastEntry?.type], [5, "message.deleted"]);
			assert.deepEqual(row, await node.view(streamId, person));
		}
	});

	it("reading goes forward only, and as far as there are entries", async () => {
		const [a = "", b = ""] = newcomers(2);
		const { streamId } = await node.open(a, b);
		for (const text of ["1", "2", "3"]) await node.say(streamId, a, text);
		await node.say(streamId, b, "4");
		await node.say(streamId, a, "5");
		const read = async (seq: number): Promise<[number, number]> => {
			const { body } = await node.call<{ seq: number }>("read", { streamId, seq }, b);
			return [body.seq, (await node.view(streamId, b)).unread];
		};
		assert.equal((await node.view(streamId, b)).unread, 4);
		assert.deepEqual(await read(2), [2, 2]);
		assert.deepEqual(await read(1), [2, 2]);
		assert.deepEqual(await read(4), [4, 1]);
		assert.deepEqual(await read(99), [5, 0]);
		await node.say(streamId, a, "6");
		assert.equal((await node.view(streamId, b)).unread, 1);
		assert.equal((await node.view(streamId, a)).unread, 1);
	});

	it("counters are exact whoever counts, and after a crash between the entry and the count", async () => {
		const [a = "", b = "", c = ""] = newcomers(3);
		const { streamId } = await node.open(a, b, c);
		await Promise.all(Array.from({ length: 30 }, (_, index) => node.say(streamId, index % 3 ? a : b, `${index}`)));
		assert.deepEqual([(await node.view(streamId, c)).unread, (await node.view(streamId, b)).unread], [30, 20]);
		// As a node that died after the append leaves them, and one that died after half of the rows.
		const last = { stream: streamId, seq: 31, id: newId(), from: a, type: "message.posted", body: { text: "x" } };
		await node.service.counting.fold(streamId);
		await node.service.log.append([{ ...last, at: new Date().toISOString(), events: [] }]);
		await node.service.store.memberships.update(
			{ _id: membershipId(streamId, c) },
			{ $set: { countedSeq: 31 }, $inc: { unread: 1 } },
		);
		await node.service.store.memberships.remove({ _id: membershipId(streamId, b) });
		const [row] = await node.list(c);
		assert.deepEqual([row?.lastSeq, row?.unread], [31, 31]);
		assert.equal((await node.view(streamId, b)).unread, 21);
	});

	it("mutes until a time, for ever, and no more", async () => {
		const [a = "", b = ""] = newcomers(2);
		const { streamId } = await node.open(a, b);
		const mute = async (body: object): Promise<string | undefined> =>
			(await node.call<ConversationView>("mute", { streamId, ...body }, a)).body.mutedUntil;
		assert.equal(await mute({ until: "2999-01-01T08:00:00+08:00" }), "2999-01-01T00:00:00.000Z");
		assert.equal((await node.list(a))[0]?.mutedUntil, "2999-01-01T00:00:00.000Z");
		assert.equal((await node.list(b))[0]?.mutedUntil, undefined);
		assert.equal(await mute({}), "9999-12-31T23:59:59.999Z");
		assert.equal(await mute({ until: "2001-01-01T00:00:00Z" }), undefined);
		await refused(mute({ until: "tomorrow" }), "VALIDATION");
		await refused(node.call("mute", { streamId }, "cid"), "NOT_FOUND");
	});
});

import assert from "node:assert/strict";
import type { ConversationView } from "../../../contracts/http/chat.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type ChatNode, startChatNode } from "../../support/chat-node.ts";

bothStores("chat: who is told of a message elsewhere", (profile) => {
	let node: ChatNode;
	let streamId = "";
	let seq = 0;

	before(async () => {
		node = await startChatNode(profile());
	});
	beforeEach(async () => {
		({ streamId } = await node.open("ann", "bob", "cid", "dan"));
		({ seq } = await node.say(streamId, "ann", "hello"));
	});
	after(() => node?.stop());

	const audience = async (userIds = ["bob", "cid", "dan"]): Promise<string[]> => {
		const params = { streamId, senderId: "ann", seq, userIds };
		const { userIds: told } = await node.broker.call<{ userIds: string[] }, object>("chat.audience", params);
		return told.sort();
	};
	const sink = { write: () => undefined, queued: 0, pause: () => undefined, resume: () => undefined, end: () => undefined };

	it("are all members who were asked about, but neither the sender nor a stranger", async () => {
		assert.deepEqual(await audience(["ann", "bob", "cid", "dan", "eve"]), ["bob", "cid", "dan"]);
		assert.deepEqual(await audience(["cid"]), ["cid"]);
	});

	it("is nobody who follows at this moment, and somebody who has just gone", async () => {
		const attached = await node.service.engine.attach(streamId, { userId: "bob", sink });
		assert.deepEqual(await audience(), ["cid", "dan"]);
		attached.leave();
		assert.deepEqual(await audience(), ["bob", "cid", "dan"]);
	});

	it("is nobody who has read so far, and whoever has read less", async () => {
		await node.call("read", { streamId, seq }, "bob");
		assert.deepEqual(await audience(), ["cid", "dan"]);
		({ seq } = await node.say(streamId, "ann", "and another"));
		assert.deepEqual(await audience(), ["bob", "cid", "dan"]);
	});

	it("is nobody who has muted it, until that is over", async () => {
		await node.call("mute", { streamId }, "bob");
		assert.deepEqual(await audience(), ["cid", "dan"]);
		await node.call("mute", { streamId, until: "2020-01-01T00:00:00Z" }, "bob");
		assert.deepEqual(await audience(), ["bob", "cid", "dan"]);
	});

	it("is nobody who has blocked the sender, but whomever the sender has blocked", async () => {
		await node.call("block", { userId: "ann" }, "bob");
		await node.call("block", { userId: "cid" }, "ann");
		assert.deepEqual(await audience(), ["cid", "dan"]);
		await node.call("unblock", { userId: "ann" }, "bob");
		await node.call("unblock", { userId: "cid" }, "ann");
		assert.deepEqual(await audience(), ["bob", "cid", "dan"]);
	});

	it("is nobody who is no member any more", async () => {
		await node.call("removeMember", { streamId, userId: "dan" }, "ann");
		assert.deepEqual(await audience(), ["bob", "cid"]);
		assert.deepEqual((await node.call<ConversationView>("get", { streamId }, "ann")).body.members.length, 3);
	});

	it("is nobody where there is no such conversation", async () => {
		streamId = "g-none";
		assert.deepEqual(await audience(), []);
	});

	/** Reads of the store while `work` runs. */
	const readsOf = async (work: () => Promise<void>): Promise<string[]> => {
		const asked: string[] = [];
		const { conversations, memberships, blocks } = node.service.store;
		const restore = [conversations, memberships, blocks].map((collection) => {
			const watched = collection as unknown as Record<string, (...args: never[]) => unknown>;
			for (const name of ["findById", "findByIds", "find", "findOne", "count"]) {
				const call = watched[name];
				watched[name] = (...args) => {
					asked.push(name);
					return call?.apply(collection, args);
				};
			}
			return () => {
				for (const name of ["findById", "findByIds", "find", "findOne", "count"]) Reflect.deleteProperty(watched, name);
			};
		});
		try {
			await work();
		} finally {
			for (const undo of restore) undo();
		}
		return asked;
	};

	it("takes three commands for four hundred people as for one", async () => {
		const many = Array.from({ length: 400 }, (_, index) => `u${index}`);
		const asked = await readsOf(async () => assert.deepEqual(await audience([...many, "bob"]), ["bob"]));
		assert.equal(asked.length, 3, asked.join(" "));
	});

	it("takes none where all of them follow", async () => {
		const attached = await Promise.all(["bob", "cid"].map((userId) => node.service.engine.attach(streamId, { userId, sink })));
		const asked = await readsOf(async () => assert.deepEqual(await audience(["ann", "bob", "cid"]), []));
		for (const one of attached) one.leave();
		assert.deepEqual(asked, []);
	});
});

import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import type { Collection, Document } from "../../../mixins/store/port.ts";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import { StoreStreamLog } from "../../../mixins/stream-log/stream-log.ts";
import type { ChatCollections } from "../../../services/chat/chat-base.ts";
import { collections } from "../../../services/chat/chat-base.ts";
import { newConversation } from "../../../services/chat/conversation.ts";
import { Counting } from "../../../services/chat/counting.adapter.ts";
import { type Membership, membershipId } from "../../../services/chat/membership.ts";
import { countFor } from "../../../services/chat/message.ts";
import { aDraft } from "../../support/a-stream-log.ts";
import { bothStores } from "../../support/both-stores.ts";

const writes = new Set<string | symbol>(["update", "updateMany", "createMany"]);

/** The collection, with `before` called in front of each write. */
const watched = <T extends Document>(collection: Collection<T>, before: (method: string) => Promise<void>): Collection<T> =>
	new Proxy(collection, {
		get(target, name) {
			const value = Reflect.get(target, name, target);
			if (typeof value !== "function") return value;
			if (!writes.has(name)) return value.bind(target);
			return async (...given: unknown[]) => {
				await before(String(name));
				return value.apply(target, given);
			};
		},
	});

bothStores("chat: counting", (profile) => {
	let store: Store<ChatCollections>;
	let log: StoreStreamLog;
	let stream = "";
	const people = ["ann", "bob", "cid"];

	before(async () => {
		store = await openStore<ChatCollections>({ collections, profile: profile() });
		log = new StoreStreamLog(store.entries);
	});
	beforeEach(async () => {
		const request = { key: newId(), hash: "h" };
		const at = "2026-01-01T00:00:00.000Z";
		const made = newConversation({ creatorId: "ann", others: ["bob", "cid"], request, newId: newId(), at });
		await store.conversations.create({ ...made, version: 1, updatedAt: at });
		stream = made._id;
	});
	after(() => store?.close());

	/** One who counts, and what comes before its writes. */
	const counting = (before: (method: string) => Promise<void> = async () => undefined): Counting =>
		new Counting({
			conversations: watched(store.conversations, before),
			memberships: watched(store.memberships, before),
			log,
		});
	const append = async (...from: string[]): Promise<void> => {
		const tail = await log.tail(stream);
		await log.append(from.map((who, index) => aDraft(stream, tail + 1 + index, newId(), { from: who, events: [] })));
	};
	const rowOf = async (who: string): Promise<Membership> =>
		(await store.memberships.findById(membershipId(stream, who))) ?? assert.fail(`${who} has no row`);
	/** Each row says what the log says of it, and all of the log is counted. */
	const assertExact = async (): Promise<void> => {
		const entries = await log.after(stream, 0, 1_000);
		for (const who of people) {
			const { readSeq, countedSeq, unread } = await rowOf(who);
			assert.equal(countedSeq, entries.length, who);
			assert.equal(unread, countFor(who, entries.slice(readSeq)), who);
		}
		assert.equal((await store.conversations.findById(stream))?.lastSeq, entries.length);
	};

	it("may die before any of its writes, and the next one counts the rest", async () => {
		for (let dies = 0; dies < 8; dies++) {
			await append("ann", "bob", "ann");
			let left = dies;
			const mortal = counting(async () => {
				if (left-- === 0) throw new Error("the process dies here");
			});
			await mortal.fold(stream).catch((error) => assert.match(error.message, /dies here/));
			if (dies % 2) await append("cid");
			await counting().fold(stream);
			await assertExact();
		}
	});

	it("counts what comes while a message is marked as read", async () => {
		await append("ann", "ann");
		await counting().fold(stream);
		let raced = false;
		const racing = counting(async () => {
			if (raced) return;
			raced = true;
			await append("ann", "bob");
			await counting().fold(stream);
		});
		const row = await racing.read(stream, "bob", 2);
		assert.deepEqual([row?.readSeq, row?.countedSeq, row?.unread], [2, 4, 1]);
		await assertExact();
	});

	it("two nodes that count and mark at the same time count exactly", async () => {
		const nodes = [counting(), counting()];
		for (let round = 0; round < 6; round++) {
			await append("ann", "bob", "cid", "ann");
			await Promise.all([
				...nodes.map((node) => node.fold(stream)),
				nodes[0]?.read(stream, "bob", round * 3),
				nodes[1]?.read(stream, "bob", round * 2 + 1),
				nodes[1]?.read(stream, "cid", 2),
			]);
		}
		await nodes[0]?.fold(stream);
		await assertExact();
	});

	it("a fold that is asked for while one is under way sees what was stored before it was asked for", async () => {
		await append("ann");
		let asked: Promise<void> | undefined;
		const node: Counting = counting(async () => {
			if (asked) return;
			asked = Promise.resolve(); // only once: the append below is no write of the counters
			await append("ann");
			asked = node.fold(stream);
		});
		await node.fold(stream);
		await asked;
		assert.equal((await rowOf("bob")).countedSeq, 2);
		await assertExact();
	});

	it("more than a page is counted at once", async () => {
		for (let at = 0; at < 450; at += 150) await append(...Array.from({ length: 150 }, () => "ann"));
		await counting().fold(stream);
		assert.equal((await rowOf("bob")).unread, 450);
		assert.equal((await counting().read(stream, "bob", 40))?.unread, 410);
		await assertExact();
	});

	it("what was delivered goes forward only, and is at least what was read", async () => {
		await append("ann", "ann", "ann");
		const node = counting();
		await node.fold(stream);
		assert.equal((await node.delivered(stream, "bob", 2))?.deliveredSeq, 2);
		assert.equal((await node.delivered(stream, "bob", 1))?.deliveredSeq, 2);
		assert.equal((await node.delivered(stream, "bob", 99))?.deliveredSeq, 3);
		assert.equal((await node.read(stream, "cid", 2))?.deliveredSeq, 2);
		assert.equal(await node.delivered(stream, "nobody", 1), null);
	});
});

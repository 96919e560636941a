import assert from "node:assert/strict";
import type { Collection } from "../../../mixins/store/port.ts";
import type { Block } from "../../../services/chat/block.ts";
import type { Conversation } from "../../../services/chat/conversation.ts";
import { isMemberOf, LiveConversations } from "../../../services/chat/live.adapter.ts";

describe("chat: conversations that posts over sockets know from memory", () => {
	const conversation = (...ids: string[]) =>
		({ _id: "g-1", kind: "group", founders: ids, members: ids.map((userId) => ({ userId })) }) as unknown as Conversation;
	let stored: Conversation | null;
	let reads: number;
	let now: number;
	let answers: (() => void)[];
	let held: boolean;
	let live: LiveConversations;

	beforeEach(() => {
		stored = conversation("ann", "bob");
		reads = 0;
		now = 0;
		answers = [];
		held = false;
		live = new LiveConversations({
			conversations: {
				async findById() {
					reads += 1;
					const read = stored;
					if (held) await new Promise<void>((resolve) => answers.push(resolve));
					return read;
				},
			} as unknown as Collection<Conversation>,
			blocks: { findByIds: async () => [] } as unknown as Collection<Block>,
			namesOf: async (ids) => new Map(ids.map((id) => [id, id])),
			now: () => now,
		});
	});

	it("are read once in five seconds, however many ask", async () => {
		await Promise.all(Array.from({ length: 10 }, () => live.get("g-1")));
		now = 4_999;
		await live.get("g-1");
		assert.equal(reads, 1);
		now = 5_000;
		await live.get("g-1");
		assert.equal(reads, 2);
	});

	it("are not remembered from a read that began before they changed", async () => {
		held = true;
		const old = live.refresh("g-1");
		stored = conversation("ann");
		live.forget("g-1");
		held = false;
		const fresh = await live.refresh("g-1");
		assert.equal(isMemberOf(fresh, "bob"), false);
		for (const answer of answers) answer();
		assert.equal(isMemberOf(await old, "bob"), true);
		assert.equal(isMemberOf(await live.get("g-1"), "bob"), false);
	});

	it("are not remembered when they are gone", async () => {
		await live.get("g-1");
		stored = null;
		now = 6_000;
		assert.equal(await live.get("g-1"), null);
		stored = conversation("ann");
		assert.equal(isMemberOf(await live.get("g-1"), "ann"), true);
	});
});

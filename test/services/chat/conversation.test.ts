import assert from "node:assert/strict";
import { DomainError } from "../../../contracts/errors.ts";
import { pairId } from "../../../contracts/ids.ts";
import {
	type Conversation,
	checkPair,
	decideAdd,
	decideGone,
	decideRemove,
	largestGroup,
	newConversation,
	othersOf,
} from "../../../services/chat/conversation.ts";

const at = "2026-01-01T00:00:00.000Z";
const made = (others: string[], more: Partial<Conversation> = {}): Conversation => ({
	...newConversation({ creatorId: "ann", others, request: { key: "k0", hash: "h0" }, newId: "new", at }),
	version: 1,
	updatedAt: at,
	...more,
});
const change = (userId: string, by = "ann") => ({ by, userId, entryId: "e", at });
const request = (key = "k1", hash = "h1") => ({ key, hash, named: true });
const code = (work: () => unknown): string => {
	try {
		work();
	} catch (error) {
		if (error instanceof DomainError) return error.code;
		throw error;
	}
	return "none";
};

describe("chat: who is in a conversation", () => {
	it("a pair's id is the same from both sides: the first 16 hex digits of SHA-256 over the sorted ids", () => {
		assert.equal(pairId("b", "a"), "fb8e20fc2e4c3f24"); // sha256("ab")
		assert.equal(pairId("a", "b"), pairId("b", "a"));
		assert.equal(made(["bob"])._id, pairId("ann", "bob"));
		assert.equal(made(["bob", "cid"])._id, "g-new");
	});

	it("a pair with the id of another is told apart by its members", () => {
		assert.equal(code(() => checkPair(made(["bob"]), ["bob", "ann"])), "none"); // biome-ignore format: one line
		assert.equal(code(() => checkPair(made(["bob"]), ["bob", "cid"])), "ID_REUSED"); // biome-ignore format: one line
	});

	it("the others are named once, and oneself not at all", () => {
		assert.deepEqual(othersOf("ann", ["bob", "cid", "bob"]), ["bob", "cid"]);
		assert.equal(code(() => othersOf("ann", ["bob", "ann"])), "VALIDATION"); // biome-ignore format: one line
	});

	it("taking in: by members, into groups, once, up to the bound", () => {
		const group = made(["bob", "cid"]);
		const { push } = decideAdd(group, change("dan"), 7, request()) ?? assert.fail();
		assert.deepEqual(push?.members, { userId: "dan", joinedAt: at, joinedSeq: 7 });
		assert.deepEqual(push?.pending, { id: "e", from: "ann", type: "member.joined", body: { userId: "dan", by: "ann" } });
		assert.equal(decideAdd(group, change("bob"), 7, request()), null);
		const done = made(["bob", "cid"], { requests: [{ key: "k1", hash: "h1", action: "addMember" }] });
		assert.equal(decideAdd(done, change("dan"), 7, request()), null);
		assert.equal(code(() => decideAdd(done, change("dan"), 7, request("k1", "other"))), "IDEMPOTENCY_KEY_REUSED"); // biome-ignore format: one line
		assert.equal(code(() => decideAdd(group, change("dan", "dan"), 7, request())), "NOT_FOUND"); // biome-ignore format: one line
		assert.equal(code(() => decideAdd(made(["bob"]), change("dan"), 7, request())), "TRANSITION_REFUSED"); // biome-ignore format: one line
		const full = made(Array.from({ length: largestGroup - 1 }, (_, index) => `p${index}`));
		assert.equal(code(() => decideAdd(full, change("dan"), 7, request())), "TRANSITION_REFUSED"); // biome-ignore format: one line
	});

	it("leaving: oneself, or others by whoever made the group", () => {
		const group = made(["bob", "cid"]);
		assert.deepEqual(decideRemove(group, change("bob", "bob"))?.pull, { members: { userId: "bob" } });
		assert.ok(decideRemove(group, change("bob", "ann")));
		assert.equal(code(() => decideRemove(group, change("cid", "bob"))), "FORBIDDEN"); // biome-ignore format: one line
		assert.equal(code(() => decideRemove(group, change("cid", "dan"))), "NOT_FOUND"); // biome-ignore format: one line
		assert.equal(code(() => decideRemove(made(["bob"]), change("ann"))), "TRANSITION_REFUSED"); // biome-ignore format: one line
		assert.equal(decideRemove(group, change("dan")), null);
	});

	it("an account that is gone leaves groups and stays in pairs", () => {
		assert.deepEqual(decideGone(made(["bob", "cid"]), "bob", at)?.pull, { members: { userId: "bob" } });
		assert.equal(decideGone(made(["bob", "cid"]), "dan", at), null);
		assert.equal(decideGone(made(["bob"]), "bob", at), null);
	});
});

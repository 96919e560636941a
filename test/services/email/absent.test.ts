import assert from "node:assert/strict";
import type { DomainEvent } from "../../../contracts/events.ts";
import { mailsOf } from "../../../services/email/mails-of.ts";

const posted = (more: object): DomainEvent<"chat.message_posted"> => ({
	specversion: "1.0",
	id: "e1",
	source: "/souk/chat",
	type: "chat.message_posted",
	subject: "g-1",
	time: "2026-01-01T00:00:00.000Z",
	data: { streamId: "g-1", messageId: "m1", seq: 1, senderId: "ann", memberIds: ["bob", "cid"], content: "hi", ...more },
});

describe("mails about a message", () => {
	const toldOf = (more: object) => mailsOf(posted(more)).map(({ userId }) => userId);

	it("are for those who were not there when it was written", () => {
		assert.deepEqual(toldOf({ absentIds: ["cid"] }), ["cid"]);
		assert.deepEqual(toldOf({ absentIds: [] }), []);
	});

	it("are for all others, where an earlier version did not say who was there", () => {
		assert.deepEqual(toldOf({}), ["bob", "cid"]);
	});
});

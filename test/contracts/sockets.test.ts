import assert from "node:assert/strict";
import type { TSchema } from "typebox";
import { DomainError, errorTable } from "../../contracts/errors.ts";
import {
	type ClientMessage,
	clientMessages,
	clientMessagesOf,
	type connectErrors,
	inboxOf,
	type Namespace,
	namespaceOf,
	namespaces,
	serverMessagesOf,
} from "../../contracts/sockets.ts";
import {
	ChatEntry,
	chatBodies,
	type EntryBodies,
	type EntryType,
	InboxEntry,
	inboxBodies,
} from "../../contracts/stream-entries.ts";
import { RefusedAck, refusedAck } from "../../contracts/stream-requests.ts";
import { compileCheck } from "../../middlewares/field-errors.ts";
import type { Entry } from "../../realtime/entry.ts";

const assertFits = (schema: TSchema, value: unknown): void =>
	assert.deepEqual(compileCheck(schema)(value), null, JSON.stringify(value));
const refuses = (schema: TSchema, value: unknown): boolean => compileCheck(schema)(value) !== null;

const entry = <T extends EntryType>(type: T, body: EntryBodies[T]): Entry<EntryBodies[T]> => ({
	stream: "s",
	seq: 1,
	id: "a",
	type,
	from: "ana",
	body,
	at: "2026-03-01T12:00:00.000Z",
});

describe("The table of what crosses sockets", () => {
	for (const namespace of namespaces) {
		for (const [name, { payload, examples }] of serverMessagesOf(namespace)) {
			it(`has examples of ${name} on ${namespace} that are what they are examples of`, () => {
				const all = examples[namespace] ?? [];
				assert.ok(all.length > 0);
				for (const example of all) assertFits(payload[namespace] as TSchema, example);
			});
		}

		for (const [name, { payload, ack, example, ackExamples }] of clientMessagesOf(namespace)) {
			it(`has an example of ${name} on ${namespace}, and of its ack if it has one`, () => {
				assertFits(payload, example);
				const accepted = ack[namespace];
				if (accepted) assertFits(accepted, ackExamples[namespace]);
				else assert.equal(ackExamples[namespace], undefined);
			});
		}
	}

	it("lets inboxes be read and conversations be written to", () => {
		const names = (namespace: Namespace) => clientMessagesOf(namespace).map(([name]) => name);
		assert.deepEqual(names("/notifications"), ["read", "history", "refresh"]);
		assert.deepEqual(names("/chat"), Object.keys(clientMessages));
	});

	it("acks all but what may be dropped", () => {
		const silent = Object.entries(clientMessages as Record<string, ClientMessage>)
			.filter(([, { ack }]) => Object.values(ack).includes(null))
			.map(([name]) => name);
		assert.deepEqual(silent, ["typing"]);
	});

	it("gives each stream one namespace, by its id alone", () => {
		assert.equal(namespaceOf(inboxOf("ana")), "/notifications");
		for (const stream of ["3c6e0b8a9c15224a", "g-inbox-1", "inbox", "Inbox-ana"]) assert.equal(namespaceOf(stream), "/chat");
	});
});

describe("Entries on a socket", () => {
	const chat = [
		entry("message.posted", { text: "x" }),
		entry("message.edited", { target: "a", text: "y" }),
		entry("message.deleted", { target: "a" }),
		entry("member.joined", { userId: "ben", by: "ana" }),
		entry("member.left", { userId: "ben", by: "ben" }),
	];
	const notification = entry("notification.created", {
		notification_type: "announcement",
		timestamp: "2026-03-01T12:00:00.000Z",
		payload: { topic: "order-created", title: "t", description: "d", link: "/v1/orders/a" },
	});

	it("have a body for each type, and only types of their kind of stream", () => {
		assert.deepEqual(
			chat.map(({ type }) => type),
			Object.keys(chatBodies),
		);
		for (const one of chat) assertFits(ChatEntry, one);
		assert.deepEqual(Object.keys(inboxBodies), [notification.type]);
		assertFits(InboxEntry, notification);
		assert.ok(refuses(ChatEntry, notification));
		assert.ok(refuses(InboxEntry, chat[0]));
	});

	it("lose the body with erased, and not without", () => {
		for (const one of chat) {
			assertFits(ChatEntry, { ...one, body: null, erased: true });
			assert.ok(refuses(ChatEntry, { ...one, body: null }));
			assert.ok(refuses(ChatEntry, { ...one, type: "message.lost", body: null, erased: true }));
		}
	});

	it("have the body of their own type", () => {
		assert.ok(refuses(ChatEntry, { ...chat[0], body: { userId: "ben", by: "ana" } }));
		const reminder = { ...notification.body, notification_type: "payment_reminder_notification" };
		assert.ok(refuses(InboxEntry, { ...notification, body: reminder }));
	});
});

describe("The ack of what was refused", () => {
	it("is the code in words, and whether to try again", () => {
		assert.deepEqual(refusedAck(new DomainError("STREAM_OVERLOADED")), {
			ok: false,
			problem: { code: "STREAM_OVERLOADED", title: errorTable.STREAM_OVERLOADED.title, retryable: true },
		});
	});

	it("says what is wrong in this case, with each field, and when to come back, and nothing else", () => {
		const errors = [{ pointer: "/text", detail: "is required" }];
		const ack = refusedAck(new DomainError("VALIDATION", "no text", { errors, retryAfter: 3, from: "secret" }));
		const { title } = errorTable.VALIDATION;
		assert.deepEqual(ack.problem, { code: "VALIDATION", title, retryable: false, detail: "no text", errors, retryAfter: 3 });
	});

	it("fits its schema for every code", () => {
		for (const code of Object.keys(errorTable))
			assertFits(RefusedAck, refusedAck(new DomainError(code as (typeof connectErrors)[number], "why")));
	});
});

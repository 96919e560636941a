import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import type { DomainEvent, EventDraft } from "../../../contracts/events.ts";
import { newId } from "../../../contracts/ids.ts";
import { createEntity } from "../../../mixins/store/versioned.ts";
import { bothBuses, type World } from "../../support/both-buses.ts";
import { type EventNode, type Note, startEventNode } from "../../support/event-node.ts";
import { messagesIn } from "../../support/kept-bytes.ts";
import { until } from "../../support/until.ts";

const types = ["chat.message_posted", "user.registered", "order.cancelled", "notification.created"] as const;

const said = (senderId: string, content: string): EventDraft => ({
	type: "chat.message_posted",
	subject: "s",
	data: { streamId: "s", messageId: content, seq: 1, senderId, senderName: `name of ${senderId}`, memberIds: ["bob"], content },
});

const order = {
	...{ orderId: "o", code: "O1", buyerId: "zoe", sellerId: "sam", items: [], total: { amount: 1, currency: "MYR" } },
	...{ attempt: 1, paymentId: "p", paymentMethod: "m", createdAt: "2026-01-01T00:00:00.000Z" },
};

const quoting = (userId: string, sender: string): EventDraft => ({
	type: "notification.created",
	subject: `inbox-${userId}`,
	data: {
		...{ userId, seq: 1, id: newId() },
		body: {
			...{ notification_type: "chat_notification", timestamp: "2026-01-01T00:00:00.000Z" },
			payload: { stream_id: "s", message_id: "m", sender_id: sender, sender_name: sender, content: `a quote of ${sender}` },
		},
	},
});

const drafts: readonly EventDraft[] = [
	said("zoe", "a secret of zoe"),
	said("ann", "what ann said"),
	{
		type: "user.registered",
		subject: "zoe",
		data: { userId: "zoe", email: "zoe@secret.example", name: "Zoe", roles: ["buyer"] },
	},
	{ type: "order.cancelled", subject: "o", data: { ...order, by: "zoe", reason: "zoe's own secret reason" } },
	quoting("bob", "zoe"),
	quoting("zoe", "ann"),
	quoting("bob", "ann"),
];

bothBuses("What the bus keeps of people", (newWorld, kind) => {
	let world: World;
	let node: EventNode;
	before(async () => {
		world = await newWorld();
		const handler = (): never => {
			throw new Error("nobody can handle this");
		};
		node = await startEventNode(world, [{ name: "failing", durable: { tries: 1 }, types, handler }]);
		await createEntity<Note>(node.notes, { _id: newId() }, drafts, { at: clock.now() });
		await until("the dead letters", letters, ({ length }) => length === drafts.length);
	});
	after(() => node?.stop());

	const letters = async () => (await node.bus.deadLetters.list({ limit: 100 })).items;
	const inAll = async (): Promise<string> => {
		const kept = world.settings.transporter ? [...(await messagesIn(world.settings.transporter))] : [];
		const ours = kept.filter(([where]) => where.startsWith(world.settings.keyPrefix.toUpperCase())).map(([, text]) => text);
		return [JSON.stringify(await letters()), ...ours].join("\n");
	};

	it("is taken out when they are gone: what they said, who they were, and where others are told of it", async () => {
		assert.match(await inAll(), /(?=.*a secret of zoe).*zoe@secret\.example/s);
		assert.ok((await node.bus.forget(new Set(["zoe"]))) >= 5);
		const kept = await inAll();
		for (const word of ["a secret of zoe", "zoe@secret.example", "secret reason", "a quote of zoe"])
			assert.ok(!kept.includes(word), word);
		const left = (await letters()).map(({ event }) => (event as DomainEvent).type).sort();
		assert.deepEqual(left, ["chat.message_posted", "notification.created", "order.cancelled"]);
		assert.match(kept, /what ann said/);
		assert.match(kept, /a quote of ann/);
		assert.equal(await node.bus.forget(new Set(["zoe"])), 0);
		assert.equal(await node.bus.forget(new Set(["nobody"])), 0);
	});

	if (kind === "cluster") {
		it("still comes to whoever asks for it later, without what is gone", async () => {
			const heard: DomainEvent[] = [];
			const late = await startEventNode(world, [{ name: "late", types, handler: (event) => void heard.push(event) }], {
				writes: false,
			});
			try {
				await until("the events", async () => heard, ({ length }) => length === 3); // biome-ignore format: one line
				assert.deepEqual(heard.map(({ type }) => type).sort(), [
					"chat.message_posted",
					"notification.created",
					"order.cancelled",
				]);
			} finally {
				await late.stop();
			}
		});
	}

	it("leaves dead letters there until they have had their time, and then drops the oldest first", async () => {
		const { deadLetters } = node.bus;
		const oldest = await deadLetters.oldest();
		assert.ok(oldest !== null && oldest <= Date.now());
		assert.equal(await deadLetters.dropBefore(oldest - 1, 10), 0);
		assert.equal(await deadLetters.dropBefore(Date.now() + 1_000, 1), 1);
		assert.equal((await letters()).length, 2);
		assert.equal(await deadLetters.dropBefore(Date.now() + 1_000, 10), 2);
		assert.deepEqual([await letters(), await deadLetters.oldest()], [[], null]);
	});
});

import assert from "node:assert/strict";
import type { DomainEvent, EventData, EventType } from "../../contracts/events.ts";
import type { NotificationBody } from "../../contracts/notifications.ts";
import type { HttpClient } from "./http.ts";
import { signUp } from "./market.ts";
import { allTold } from "./telling-world.ts";
import { until } from "./until.ts";

// Many events about a few people, as they reach a node after much trouble: in any order, and many of them twice. Of the types that
// no other service acts upon.

export interface Rumours {
	/** In the order in which they are told, repeats included. */
	told: readonly DomainEvent[];
	/** `<what it is about>` of each notification that a person must have, once. */
	expected: ReadonlyMap<string, readonly string[]>;
}

export interface RumourOptions {
	people: readonly string[];
	/** Each with its members; the first of them writes. */
	conversations: readonly { streamId: string; memberIds: readonly string[] }[];
	orders: number;
	/** Windows of each conversation, and messages in each. */
	windows: number;
	messages: number;
	random: () => number;
}

const minute = 60_000;
const start = Date.parse("2026-03-01T08:00:00.000Z");
const iso = (at: number): string => new Date(at).toISOString();
const money = { amount: 9_900, currency: "MYR" };

const event = <T extends EventType>(type: T, subject: string, time: string, data: EventData[T]): DomainEvent => ({
	...{ specversion: "1.0", id: `rumour.${type}.${subject}.${time}`, source: "/souk/rumours", type, subject, time, data },
});

const ofOrder = (index: number, buyerId: string, sellerId: string): DomainEvent[] => {
	const orderId = `order-${index}`;
	const time = iso(start + index);
	const items = [{ productId: "1", name: "Satay", quantity: 1, unitPrice: money, total: money }];
	const order = {
		...{ orderId, code: `O${index}`, buyerId, sellerId, items, total: money, attempt: 1 },
		...{ paymentId: `p${index}`, paymentMethod: "sandbox_success", createdAt: time },
	};
	const payment = { paymentId: `p${index}`, orderId, attempt: 1, buyerId, sellerId, amount: money, method: "sandbox_success" };
	const due = { productName: "Satay", dueDate: time, daysOverdue: 0, message: "It is due." };
	return [
		event("order.payment_declined", orderId, time, { ...order, declineCode: "no" }),
		event("payment.reminder_due", orderId, time, { ...payment, ...due }),
		event("order.paid", orderId, time, order),
		event("order.shipped", orderId, time, { ...order, carrier: "Pos", trackingNumber: "T1" }),
		event("order.delivered", orderId, time, { ...order, trackingNumber: "T1" }),
	];
};

/** Within a window all messages lie within nine minutes; between two lies half an hour. */
const ofConversation = (
	{ streamId, memberIds }: RumourOptions["conversations"][number],
	{ windows, messages }: RumourOptions,
): DomainEvent[] => {
	const [senderId = "", ...others] = memberIds;
	return Array.from({ length: windows * messages }, (_, index) => {
		const window = Math.floor(index / messages);
		const time = iso(start + window * 30 * minute + ((index % messages) * 9 * minute) / messages);
		const facts = { streamId, messageId: `m${index}`, seq: index + 1, senderId, senderName: "Ann", memberIds: others };
		return event("chat.message_posted", streamId, time, { ...facts, content: `window ${window}` });
	});
};

const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
	items
		.map((item) => ({ item, at: random() }))
		.sort((a, b) => a.at - b.at)
		.map(({ item }) => item);

/** What a notification is about: what must be there once. Of the messages of a window any one may be told of. */
export const aboutOf = (body: NotificationBody): string => {
	if (body.notification_type === "chat_notification") return `${body.payload.stream_id} ${body.payload.content}`;
	const { order_id, status, message } = body.payload as { order_id?: string; status?: string; message?: string };
	return `${order_id} ${status ?? message}`;
};

export const rumours = (options: RumourOptions): Rumours => {
	const { people, conversations, orders, windows, random } = options;
	const expected = new Map<string, string[]>(people.map((id) => [id, []]));
	const expect = (id: string, ...what: string[]): void => void expected.get(id)?.push(...what);
	const events: DomainEvent[] = [];
	for (let index = 0; index < orders; index++) {
		const buyer = people[index % people.length] ?? "";
		const seller = people[(index + 1) % people.length] ?? "";
		const declined = "Your payment of MYR 99.00 for Satay was declined.";
		events.push(...ofOrder(index, buyer, seller));
		expect(buyer, ...["paid", "in_transit", "delivered", "It is due.", declined].map((what) => `order-${index} ${what}`));
		expect(seller, `order-${index} paid`);
	}
	for (const conversation of conversations) {
		events.push(...ofConversation(conversation, options));
		for (const id of conversation.memberIds.slice(1))
			for (let window = 0; window < windows; window++) expect(id, `${conversation.streamId} window ${window}`);
	}
	const repeats = events.filter(() => random() < 0.3);
	return { told: shuffled([...events, ...repeats], random), expected };
};

/** As the inboxes have it: nothing twice, nothing missing, nothing else. */
export const assertTold = (inboxes: ReadonlyMap<string, readonly NotificationBody[]>, { expected }: Rumours): void => {
	for (const [userId, about] of expected) assert.deepEqual((inboxes.get(userId) ?? []).map(aboutOf).sort(), [...about].sort(), userId); // biome-ignore format: one line
};

/** People whom rumours are about, and two groups of them. */
export interface RumourMill extends Pick<RumourOptions, "people" | "conversations"> {
	/** Resolves when this part of all notifications is there. */
	reach(api: HttpClient, part: number, rumours: Rumours): Promise<void>;
	/** What stands in the inboxes once all is told. */
	inboxes(api: HttpClient, rumours: Rumours): Promise<Map<string, NotificationBody[]>>;
}

const listed = async (api: HttpClient, token: string): Promise<NotificationBody[]> => {
	const all: NotificationBody[] = [];
	let cursor = "";
	do {
		const path = `/v1/notifications?filter=all&limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
		const { status, body, text } = await api.get(path, { token });
		assert.equal(status, 200, text);
		all.push(...body.items.map((item: { body: NotificationBody }) => item.body));
		cursor = body.nextCursor ?? "";
	} while (cursor !== "");
	return all;
};

export const openRumourMill = async (api: HttpClient): Promise<RumourMill> => {
	const people = await Promise.all(Array.from({ length: 4 }, () => signUp(api, "buyer")));
	const ids = people.map(({ id }) => id);
	const open = async (first: number): Promise<RumourOptions["conversations"][number]> => {
		const memberIds = ids.filter((_, index) => index !== first);
		const answer = await api.post("/v1/conversations", { memberIds }, { token: people[first]?.token ?? "" });
		assert.equal(answer.status, 201, answer.text);
		return { streamId: answer.body.streamId, memberIds: [ids[first] ?? "", ...memberIds] };
	};
	/** A node that is starting says nothing yet. */
	const total = async (current: HttpClient): Promise<number> => {
		const answers = await Promise.all(people.map(({ token }) => current.get("/v1/notifications?limit=1", { token })));
		return answers.reduce((sum, { body }) => sum + (body.counters?.total ?? 0), 0);
	};
	const reach: RumourMill["reach"] = async (current, part, { expected }) => {
		const wanted = part * [...expected.values()].reduce((sum, { length }) => sum + length, 0);
		await until(
			`${wanted} notifications`,
			() => total(current),
			(seen) => seen >= wanted,
			60_000,
		);
	};
	return {
		people: ids,
		conversations: [await open(0), await open(1)],
		reach,
		async inboxes(current, all) {
			await reach(current, 1, all);
			await allTold(current);
			return new Map(await Promise.all(people.map(async ({ id, token }) => [id, await listed(current, token)] as const)));
		},
	};
};

import assert from "node:assert/strict";
import type { Context, ServiceSchema } from "moleculer";
import type { DomainEvent, EventData } from "../../../contracts/events.ts";
import { newId } from "../../../contracts/ids.ts";
import type { NotificationBody } from "../../../contracts/notifications.ts";
import { currentBus } from "../../../mixins/durable-events/current-bus.ts";
import { currentBusSettings, setBusSettings } from "../../../mixins/durable-events/settings.ts";
import { tell, tellOfMessage } from "../../../services/notification/telling.mixin.ts";
import type { ToldType } from "../../../services/notification/telling.ts";
import { bothStores } from "../../support/both-stores.ts";
import { Lifeline } from "../../support/lifeline.ts";
import { type NotificationNode, startNotificationNode } from "../../support/notification-node.ts";
import { seeded } from "../../support/random.ts";
import { aboutOf, assertTold, rumours } from "../../support/rumours.ts";
import { until } from "../../support/until.ts";

const time = "2026-03-04T05:06:07.008Z";
const minutesLater = (minutes: number): string => new Date(Date.parse(time) + minutes * 60_000).toISOString();

type Posted = DomainEvent<"chat.message_posted">;

const posted = (change: Partial<EventData["chat.message_posted"]> = {}, at = time): Posted => {
	const facts = {
		streamId: "g-1",
		messageId: "m1",
		seq: 1,
		senderId: "ann",
		senderName: "Ann",
		memberIds: ["bob"],
		content: "hi",
	};
	const data = { ...facts, ...change };
	return {
		specversion: "1.0",
		id: newId(),
		source: "/souk/chat",
		type: "chat.message_posted",
		subject: data.streamId,
		time: at,
		data,
	};
};

const paid = (buyerId: string, sellerId: string): DomainEvent<"order.paid"> => {
	const money = { amount: 9_900, currency: "MYR" };
	const items = [{ productId: "1", name: "Satay", quantity: 1, unitPrice: money, total: money }];
	const data = {
		...{ orderId: newId(), code: "O1", buyerId, sellerId, items, total: money, attempt: 1, paymentId: "p1" },
		...{ paymentMethod: "sandbox_success", createdAt: time },
	};
	return { specversion: "1.0", id: newId(), source: "/souk/orders", type: "order.paid", subject: data.orderId, time, data };
};

bothStores("notification: telling people", (profile) => {
	let node: NotificationNode;
	/** Whom conversations show their messages to already. */
	let seeing: string[] = [];
	let failure: Error | undefined;
	let asked = 0;

	const chat: ServiceSchema = {
		name: "chat",
		actions: {
			audience: ({ params }: Context<{ userIds: string[] }>) => {
				asked += 1;
				if (failure) throw failure;
				return { userIds: params.userIds.filter((id) => !seeing.includes(id)) };
			},
		},
	};

	before(async () => {
		setBusSettings({ ...currentBusSettings(), groups: { notification_chat: { tries: 2, backoffMs: 1 } } });
		node = await startNotificationNode(profile());
		node.broker.createService(chat);
		await node.broker.waitForServices("chat");
	});
	beforeEach(() => {
		seeing = [];
		failure = undefined;
		asked = 0;
	});
	after(async () => {
		await node?.stop();
		setBusSettings(undefined);
	});

	const handle = (event: DomainEvent): Promise<void> => {
		const ctx = { params: event, call: node.broker.call.bind(node.broker) } as unknown as Context<never>;
		return event.type === "chat.message_posted"
			? tellOfMessage.call(node.service, ctx)
			: tell.call(node.service, ctx as Context<DomainEvent<ToldType>>);
	};
	const inbox = async (userId: string): Promise<NotificationBody[]> =>
		(await node.log(userId)).map(({ body }) => body as NotificationBody);
	const about = async (userId: string): Promise<string[]> => (await inbox(userId)).map(aboutOf);
	/** Over the bus. */
	const publish = (...events: DomainEvent[]): void => node.service.bus?.publish("notifications", newId(), events);
	const someone = (): string => newId();

	it("tells each person once, whatever comes twice, side by side and in whatever order", async () => {
		const people = Array.from({ length: 4 }, someone);
		const conversations = [0, 1].map((first) => ({
			streamId: `g-${newId()}`,
			memberIds: [...people.slice(first), ...people.slice(0, first)],
		}));
		const all = rumours({ people, conversations, orders: 6, windows: 3, messages: 4, random: seeded(20_260) });
		await Promise.all(all.told.map(handle));
		await Promise.all(all.told.slice(0, 20).map(handle));
		assertTold(new Map(await Promise.all(people.map(async (id) => [id, await inbox(id)] as const))), all);
	}).timeout(60_000);

	it("dies between any two steps, and is right after the next run", async () => {
		const { preferences, chat_windows, inboxes, notifications } = node.service.store;
		const lifeline = new Lifeline(preferences, chat_windows, inboxes, notifications);
		let died = 0;
		try {
			for (let steps = 0; steps < 14; steps++) {
				const [bob, cid] = [someone(), someone()];
				const message = posted({ streamId: `g-${newId()}`, memberIds: [bob, cid] });
				const later = posted({ ...message.data, messageId: "m2" }, minutesLater(9));
				const order = paid(bob, cid);
				for (const event of [message, order]) {
					lifeline.live(steps);
					await handle(event).catch(() => (died += 1));
					lifeline.live();
				}
				// They follow by now: that must not keep from them what was begun.
				const begun = await chat_windows.count({ streamId: message.data.streamId });
				seeing = begun > 0 ? [bob, cid] : [];
				for (const event of [message, order, later, message]) await handle(event);
				const chatted = await Promise.all([bob, cid].map(about));
				for (const what of chatted) {
					assert.equal(what.filter((one) => one.startsWith("g-")).length, 1, `${steps} steps: ${what.join()}`);
					assert.equal(what.filter((one) => one.endsWith(" paid")).length, 1, `${steps} steps: ${what.join()}`);
				}
			}
		} finally {
			lifeline.cut();
		}
		assert.ok(died >= 6, `it died ${died} times`);
	}).timeout(60_000);

	it("tells of an order in the order in which it heard of it, though the first takes longer", async () => {
		const bob = someone();
		const order = paid(bob, someone());
		const placed: DomainEvent<"order.placed"> = { ...order, id: newId(), type: "order.placed" };
		const { preferencesOf } = node.service;
		const gate = Promise.withResolvers<void>();
		node.service.preferencesOf = async (userId) => {
			node.service.preferencesOf = preferencesOf;
			await gate.promise;
			return preferencesOf(userId);
		};
		const first = handle(placed);
		const second = handle(order);
		await handle(paid(someone(), someone())); // of another order: it waits for nobody
		gate.resolve();
		await Promise.all([first, second]);
		assert.deepEqual((await inbox(bob)).map(({ notification_type }) => notification_type), ["announcement", "purchase_notification"]); // biome-ignore format: one line
	});

	it("asks for the sender's name where the event does not say it, and says the same when the event comes again", async () => {
		const { senderName: _unknown, ...nameless } = posted().data;
		const bob = someone();
		const message = { ...posted(), data: { ...nameless, streamId: `g-${newId()}`, memberIds: [bob] } };
		node.names.set("ann", "Ann");
		await handle(message);
		node.names.set("ann", "Annabel");
		await handle(message);
		const senders = (await inbox(bob)).map(({ payload }) => ("sender_name" in payload ? payload.sender_name : null));
		assert.deepEqual(senders, ["Ann"]);
	});

	it("reads once and asks nobody for a message in a window that is open", async () => {
		const members = Array.from({ length: 60 }, someone);
		const first = posted({ streamId: `g-${newId()}`, memberIds: members });
		await handle(first);
		assert.equal(asked, 1);
		const commands: string[] = [];
		const { preferences, chat_windows } = node.service.store;
		const collections = [preferences, chat_windows] as unknown as Record<string, unknown>[];
		const calls = ["findById", "findByIds", "find", "findOne", "createMany", "updateMany", "update", "insertInOrder"];
		for (const collection of collections)
			for (const call of calls) {
				const before = collection[call] as (...args: unknown[]) => unknown;
				collection[call] = (...args: unknown[]) => {
					commands.push(call);
					return before.apply(collection, args);
				};
			}
		try {
			await handle(posted({ ...first.data, messageId: "m2" }, minutesLater(5)));
		} finally {
			for (const collection of collections) for (const call of calls) Reflect.deleteProperty(collection, call);
		}
		assert.deepEqual([commands, asked], [["findByIds"], 1]);
	});

	it("keeps messages waiting while the conversations are away, and nothing else", async () => {
		const [bob, cid] = [someone(), someone()];
		failure = Object.assign(new Error("away"), { type: "SERVICE_NOT_AVAILABLE" });
		const members = Array.from({ length: 70 }, (_, index) => (index === 0 ? bob : someone()));
		publish(...members.map((id) => posted({ streamId: `g-${newId()}`, memberIds: [id] })));
		await until("the conversations to be asked", async () => asked, (count) => count > 64); // biome-ignore format: one line
		const order = paid(cid, someone());
		publish(order);
		await until("the order to be told of", () => about(cid), ({ length }) => length === 1); // biome-ignore format: one line
		assert.deepEqual(await about(bob), []);
		failure = undefined;
		const told = async (): Promise<number> => (await Promise.all(members.map(about))).flat().length;
		await until("all messages to be told of", told, (count) => count === members.length);
	}).timeout(60_000);

	it("makes a dead letter of a message that fails again and again, and goes on with the next", async () => {
		const [bob, cid] = [someone(), someone()];
		failure = new Error("no such luck");
		const lost = posted({ streamId: `g-${newId()}`, memberIds: [bob] });
		publish(lost);
		const letters = async () => (await currentBus(node.broker)?.deadLetters.list({ limit: 10 }))?.items ?? [];
		const [letter] = await until("the dead letter", letters, ({ length }) => length === 1);
		assert.deepEqual([letter?.group, letter?.eventId, letter?.tries], ["notification_chat", lost.id, 2]);
		failure = undefined;
		publish(posted({ streamId: `g-${newId()}`, memberIds: [cid] }));
		await until("the next to be told of", () => about(cid), ({ length }) => length === 1); // biome-ignore format: one line
		await currentBus(node.broker)?.deadLetters.retry(letter?.id ?? "");
		await until("the first after all", () => about(bob), ({ length }) => length === 1); // biome-ignore format: one line
	});

	it("tells nothing of a kind that is off; for mails that is asked and set by itself", async () => {
		const [bob, cid] = [someone(), someone()];
		await node.call("setPreferences", { kinds: { purchase_notification: { inbox: false } } }, bob);
		await handle(paid(bob, cid));
		assert.deepEqual([(await about(bob)).length, (await about(cid)).length], [0, 1]);
		const off = async (kind: string) => (await node.call<{ off: boolean }>("turnOff", { userId: bob, kind }, bob)).body.off;
		assert.deepEqual([await off("chat_notification"), await off("chat_notification")], [true, true]);
		assert.equal(await off("payment_reminder_notification"), false);
		const { items } = await node.broker.call<{ items: { userId: string; kinds: Record<string, object> }[] }, object>(
			"notification.preferencesOf",
			{ userIds: [cid, bob] },
		);
		assert.deepEqual(items.map(({ userId }) => userId), [cid, bob]); // biome-ignore format: one line
		assert.deepEqual(items[1]?.kinds.chat_notification, { inbox: true, email: false });
		assert.deepEqual(items[1]?.kinds.purchase_notification, { inbox: false, email: true });
		assert.deepEqual(items[0]?.kinds.purchase_notification, { inbox: true, email: true });
	});

	it("forgets whoever is gone, and tells them nothing more", async () => {
		const [bob, cid] = [someone(), someone()];
		await node.call("setPreferences", { digest: "daily" }, bob);
		await handle(posted({ streamId: `g-${newId()}`, memberIds: [bob, cid] }));
		const gone = { specversion: "1.0", id: newId(), source: "/souk/auth", subject: bob, time, data: { userId: bob } } as const;
		publish({ ...gone, type: "user.deleted" });
		const { preferences, chat_windows, inboxes } = node.service.store;
		await until("the mark", () => preferences.findById(bob), (found) => found?.gone === true); // biome-ignore format: one line
		await until("the windows to go", () => chat_windows.count({ userId: bob }), (count) => count === 0); // biome-ignore format: one line
		await until("the inbox to go", () => inboxes.findById(`inbox-${bob}`), (found) => found?.erased === true); // biome-ignore format: one line
		assert.equal((await preferences.findById(bob))?.digest, "off");
		await handle(paid(bob, cid));
		await handle(posted({ streamId: `g-${newId()}`, memberIds: [bob, cid] }));
		assert.deepEqual([(await node.log(bob)).length, (await about(cid)).length], [1, 3]);
		assert.equal(await chat_windows.count({ userId: bob }), 0);
	});
});

import type { Context, ServiceSchema } from "moleculer";
import type { DomainEvent } from "../../contracts/events.ts";
import { deriveId } from "../../contracts/ids.ts";
import { inTurn } from "../../mixins/store/in-turn.ts";
import type { Begun } from "./chat-window.ts";
import type { Told } from "./chat-windows.adapter.ts";
import type { NotificationService } from "./notification-base.ts";
import { type Channel, wants } from "./preferences.ts";
import type { Delivery } from "./storing.adapter.ts";
import { chatNotification, type Telling, type ToldType, tellingsOf, toldTypes } from "./telling.ts";

// What happens is told to the people it concerns. Every handler may run twice and in any order: the id of a notification
// follows from the event and the person, and the inbox takes each id once. docs/decisions/0021-who-is-told.md

const channel: Channel = "inbox";

/** Messages go through a group of their own: while the conversations cannot be asked they wait, and nothing else waits with them. */
const chatGroup = "notification_chat";

const deliveryOf = ({ id }: DomainEvent, { userId, body }: Telling): Delivery => ({
	userId,
	id: deriveId("notification", id, userId),
	body,
});

const wanted = async ({ preferencesOf }: NotificationService, tellings: readonly Telling[]): Promise<Telling[]> => {
	const found = await Promise.all(tellings.map(({ userId }) => preferencesOf(userId)));
	return tellings.filter(({ body }, index) => wants(found[index], body.notification_type, channel));
};

const deliver = async (service: NotificationService, event: DomainEvent, tellings: readonly Telling[]): Promise<void> => {
	if (tellings.length > 0) await service.deliver(tellings.map((telling) => deliveryOf(event, telling)));
};

/** News of one order in the order in which they came: on one node nobody reads that it is paid before they read that it was placed. */
export function tell(this: NotificationService, { params: event }: Context<DomainEvent<ToldType>>): Promise<void> {
	return inTurn(`order ${event.data.orderId}`, this, async () => deliver(this, event, await wanted(this, tellingsOf(event))));
}

type MessagePosted = DomainEvent<"chat.message_posted">;
type MessageContext = Context<MessagePosted>;

/** Where a node could not find it out when the message was posted. */
const senderNameOf = async (ctx: MessageContext): Promise<string | undefined> => {
	const ids = [ctx.params.data.senderId];
	const [sender] = await ctx.call<{ name: string }[], { ids: string[] }>("auth.resolveMany", { ids });
	return sender?.name;
};

/** Those of them whom the conversation itself does not show it to. */
const audienceOf = async (ctx: MessageContext, userIds: readonly string[]): Promise<Set<string>> => {
	const { streamId, senderId, seq } = ctx.params.data;
	const question = { streamId, senderId, seq, userIds };
	const answer = await ctx.call<{ userIds: string[] }, typeof question>("chat.audience", question);
	return new Set(answer.userIds);
};

/** In order of cost: for most messages a window is open, and the one read that tells so is all. */
const begin = async (service: NotificationService, ctx: MessageContext, message: Begun): Promise<Told[]> => {
	const { data } = ctx.params;
	const { told, free } = await service.windows.look(data.streamId, data.absentIds ?? data.memberIds, message);
	const found = await Promise.all(free.map(({ userId }) => service.preferencesOf(userId)));
	const willing = free.filter((_one, index) => wants(found[index], "chat_notification", channel));
	if (willing.length === 0) return told;
	const userIds = willing.map(({ userId }) => userId);
	const audience = await audienceOf(ctx, userIds);
	const people = willing.filter(({ userId }) => audience.has(userId));
	return people.length === 0 ? told : [...told, ...(await service.windows.begin(data.streamId, people, message))];
};

/**
 * First the windows, then the inboxes: a run that dies in between has decided who is told, and the next finds those windows and tells them,
 * though they may follow by then.
 */
export async function tellOfMessage(this: NotificationService, ctx: MessageContext): Promise<void> {
	const { params: event } = ctx;
	const told = await begin(this, ctx, { at: Date.parse(event.time), eventId: event.id });
	// Asked anew by a second run, and by then it may be another; an inbox takes the first.
	const senderName = told.length > 0 && event.data.senderName === undefined ? await senderNameOf(ctx) : undefined;
	const tellings = told.map(({ userId }) => ({ userId, body: chatNotification(event, senderName) }));
	await deliver(this, event, tellings);
}

export const telling: Partial<ServiceSchema> = {
	events: {
		...Object.fromEntries(toldTypes.map((type) => [type, { durable: {}, handler: tell }])),
		"chat.message_posted": { durable: { group: chatGroup }, handler: tellOfMessage },
	} as unknown as NonNullable<ServiceSchema["events"]>, // Moleculer's types know no `durable`
};

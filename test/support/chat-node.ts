import { type BrokerOptions, type Service, ServiceBroker } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import type { ConversationView, PostedView } from "../../contracts/http/chat.ts";
import { newId } from "../../contracts/ids.ts";
import { domainErrors } from "../../middlewares/domain-errors.ts";
import { TypeBoxValidator } from "../../middlewares/typebox-validator.ts";
import { type StoreProfile, setStoreProfile } from "../../mixins/store/store-profile.ts";
import type { Entry } from "../../realtime/entry.ts";
import chat from "../../services/chat/chat.service.ts";
import type { ChatService } from "../../services/chat/chat-base.ts";

/** An Idempotency-Key and what stands for the body; without a key the request is on its own. */
export interface Request {
	key?: string;
	hash?: string;
}

/** The chat service in a broker of its own, with a stand-in for auth. */
export interface ChatNode {
	broker: ServiceBroker;
	service: ChatService;
	/** Ids that auth knows, and whether they are active. */
	people: Map<string, boolean>;
	/** Events of the service's collections, in order. */
	events: DomainEvent[];
	call<T>(action: string, params: object, userId: string, request?: Request): Promise<{ body: T; meta: CallMeta }>;
	/** A conversation of the first with the others. */
	open(userId: string, ...memberIds: string[]): Promise<ConversationView>;
	say(streamId: string, userId: string, text: string, id?: string): Promise<PostedView>;
	list(userId: string): Promise<ConversationView[]>;
	view(streamId: string, userId: string): Promise<ConversationView>;
	messages(streamId: string, userId: string, query?: object): Promise<Entry[]>;
	stop(): Promise<void>;
}

const auth = (people: Map<string, boolean>) => ({
	name: "auth",
	actions: {
		resolveMany: ({ params }: { params: { ids: string[] } }) =>
			params.ids
				.filter((id) => people.has(id))
				.map((id) => ({ id, name: `Name of ${id}`, email: `${id}@example.com`, roles: ["buyer"], active: people.get(id) })),
	},
});

export const startChatNode = async (profile: StoreProfile, options: BrokerOptions = {}): Promise<ChatNode> => {
	setStoreProfile(profile);
	const broker = new ServiceBroker({
		...options,
		logger: false,
		validator: new TypeBoxValidator(),
		middlewares: [domainErrors()],
		tracking: { enabled: true },
	});
	const people = new Map(["ann", "bob", "cid", "dan"].map((id) => [id, true]));
	broker.createService(auth(people) as never); // its own typed schema is narrower than the general one
	const service = broker.createService({ ...chat }) as Service as ChatService;
	await broker.start();
	const events: DomainEvent[] = [];
	const publish = service.store.onEvents;
	service.store.onEvents = (collection, id, made) => {
		events.push(...made);
		publish?.(collection, id, made);
	};
	const call: ChatNode["call"] = async <T>(action: string, params: object, id: string, { key, hash = "hash" }: Request = {}) => {
		const request = { key: key ?? newId(), hash, named: key !== undefined };
		const meta: CallMeta = { user: { id, roles: ["buyer"], sessionId: "s" }, request };
		return { body: await broker.call<T, object>(`chat.${action}`, params, { meta }), meta };
	};
	return {
		broker,
		service,
		people,
		events,
		call,
		open: async (userId, ...memberIds) => (await call<ConversationView>("open", { memberIds }, userId)).body,
		say: async (streamId, userId, text, id) =>
			(await call<PostedView>("post", { streamId, text, ...(id !== undefined && { id }) }, userId)).body,
		list: async (userId) => (await call<{ items: ConversationView[] }>("list", {}, userId)).body.items,
		view: async (streamId, userId) => (await call<ConversationView>("get", { streamId }, userId)).body,
		messages: async (streamId, userId, query = {}) =>
			(await call<{ items: Entry[] }>("messages", { streamId, ...query }, userId)).body.items,
		async stop() {
			await broker.stop();
			setStoreProfile(undefined);
		},
	};
};

import { type Service, ServiceBroker } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import { newId } from "../../contracts/ids.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import type { CountersMessage } from "../../contracts/stream-messages.ts";
import { domainErrors } from "../../middlewares/domain-errors.ts";
import { TypeBoxValidator } from "../../middlewares/typebox-validator.ts";
import { type StoreProfile, setStoreProfile } from "../../mixins/store/store-profile.ts";
import type { Entry } from "../../realtime/entry.ts";
import notification from "../../services/notification/notification.service.ts";
import type { NotificationService } from "../../services/notification/notification-base.ts";

/** As in a request: an Idempotency-Key with what stands for the body, and If-Match. */
export interface Request {
	key?: string;
	hash?: string;
	ifMatch?: number[];
}

/** The notification service in a broker of its own; nobody tells it of events but the test. */
export interface NotificationNode {
	broker: ServiceBroker;
	service: NotificationService;
	/** Events of the service's collections, in order. */
	events: DomainEvent[];
	call<T>(action: string, params: object, userId: string, request?: Request): Promise<{ body: T; meta: CallMeta }>;
	/** The entries of somebody's inbox as the log has them. */
	log(userId: string): Promise<Entry[]>;
	/** From now on somebody follows; the counters that they are told, in order. */
	follow(userId: string): Promise<{ told: CountersMessage[]; leave(): void }>;
	stop(): Promise<void>;
}

const sink = { queued: 0, write: () => undefined, pause: () => undefined, resume: () => undefined, end: () => undefined };

/** Who is nobody here: access tokens are not looked at. */
const auth = { name: "auth", actions: { jwks: () => ({ keys: [] }), endedSessions: () => ({ items: [] }) } };

export const startNotificationNode = async (profile: StoreProfile): Promise<NotificationNode> => {
	setStoreProfile(profile);
	const broker = new ServiceBroker({
		logger: false,
		validator: new TypeBoxValidator(),
		middlewares: [domainErrors()],
		tracking: { enabled: true },
	});
	broker.createService(auth as never); // its own typed schema is narrower than the general one
	const service = broker.createService({ ...notification }) as Service as NotificationService;
	await broker.start();
	const events: DomainEvent[] = [];
	const publish = service.store.onEvents;
	service.store.onEvents = (collection, id, made) => {
		events.push(...made);
		publish?.(collection, id, made);
	};
	const told = new Map<string, CountersMessage[]>();
	const { engine } = service;
	const tell = engine.counters.bind(engine);
	engine.counters = (stream, userId, counters) => {
		if (userId === stream.slice("inbox-".length)) told.get(stream)?.push(counters);
		tell(stream, userId, counters);
	};
	return {
		broker,
		service,
		events,
		async call<T>(action: string, params: object, id: string, { key, hash = "hash", ifMatch }: Request = {}) {
			const request = { key: key ?? newId(), hash, named: key !== undefined };
			const meta: CallMeta = { user: { id, roles: ["buyer"], sessionId: "s" }, request, ...(ifMatch && { ifMatch }) };
			return { body: await broker.call<T, object>(`notification.${action}`, params, { meta }), meta };
		},
		log: (userId) => service.log.after(inboxOf(userId), 0, 10_000),
		async follow(userId) {
			const stream = inboxOf(userId);
			const heard: CountersMessage[] = [];
			told.set(stream, heard);
			const attached = await engine.attach(stream, { userId, sink });
			return { told: heard, leave: () => attached.leave() };
		},
		async stop() {
			await broker.stop();
			setStoreProfile(undefined);
		},
	};
};

import { type Context, type Service, ServiceBroker, type ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import type { DomainEvent, EventDraft, EventType, OrderFacts } from "../../contracts/events.ts";
import type { MailView } from "../../contracts/http/mails.ts";
import { newId } from "../../contracts/ids.ts";
import { domainErrors } from "../../middlewares/domain-errors.ts";
import { TypeBoxValidator } from "../../middlewares/typebox-validator.ts";
import { durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import { type StoreMembers, store } from "../../mixins/store/store.mixin.ts";
import { type StoreProfile, setStoreProfile } from "../../mixins/store/store-profile.ts";
import { createEntity, type Entity, outboxIndex } from "../../mixins/store/versioned.ts";
import { email } from "../../services/email/email.service.ts";
import type { EmailProfile, EmailService } from "../../services/email/email-base.ts";
import type { Contact } from "../../services/email/people.adapter.ts";
import { until } from "./until.ts";

export interface ChatQuestion {
	streamId: string;
	senderId: string;
	seq: number;
	userIds: string[];
}

/** The email service in a broker of its own, on a real bus in process, with stand-ins for those that it asks and hears. */
export interface EmailNode {
	broker: ServiceBroker;
	service: EmailService;
	/** Who is active. Auth is away while this is null. */
	people: Map<string, Contact> | null;
	/** Whose account is deleted; all others who write have one. */
	gone: Set<string>;
	preferences: Map<string, object>;
	/** Who of those that are asked about wants to be told of a message. Default: all. */
	audience: (question: ChatQuestion) => string[];
	/** What auth answers for a link, by action. */
	tokens: Map<string, string | null>;
	/** Mail events as another group heard them. */
	heard: DomainEvent[];
	/** Sends an event over the bus, and answers its id. */
	tell<T extends EventType>(type: T, data: Extract<EventDraft, { type: T }>["data"]): Promise<string>;
	/** As an admin sees them, newest first. */
	mails(params?: object): Promise<MailView[]>;
	call<T>(action: string, params: object, meta?: Partial<CallMeta>): Promise<T>;
	/** The only mail of somebody, once it is like that. */
	until(userId: string, holds: (mail: MailView) => boolean): Promise<MailView>;
	stop(): Promise<void>;
}

export const someone = (id: string, address = `${id}@people.example`): Contact => ({
	...{ id, name: `${id} Example`, email: address, emailVerified: true },
});

/** An order of 198.00 MYR by `buyerId` at `sellerId`. */
export const orderBetween = (buyerId: string, sellerId: string): OrderFacts => ({
	...{ orderId: newId(), code: "O00000001", buyerId, sellerId, attempt: 1, paymentId: newId(), paymentMethod: "sandbox_success" },
	items: [
		{
			...{ productId: "1", name: "Chicken wing", quantity: 2 },
			...{ unitPrice: { amount: 9_900, currency: "MYR" }, total: { amount: 19_800, currency: "MYR" } },
		},
	],
	...{ total: { amount: 19_800, currency: "MYR" }, createdAt: "2026-01-02T03:04:05.000Z" },
});

type Teller = Service & StoreMembers<{ tales: Entity }>;

const teller = (heard: DomainEvent[]): ServiceSchema => {
	const hear = { durable: { group: "teller" }, handler: ({ params }: Context<DomainEvent>) => void heard.push(params) };
	return {
		name: "teller",
		mixins: [
			durableEvents({ collections: ["tales"] }),
			store<{ tales: Entity }>({ main: "tales", collections: { tales: { indexes: [outboxIndex] } } }),
		],
		events: { "email.sent": hear, "email.failed": hear },
	} as unknown as ServiceSchema; // Moleculer's types know no `durable`
};

const standard: Omit<EmailProfile, "dataDir"> = {
	...{
		answerDeadline: 50,
		chatNotifyWindow: 600_000,
		dkim: null,
		kind: "embedded",
		leaseTimeout: 2_000,
		mailFrom: "Souk <no-reply@souk.example>",
	},
	...{ publicUrl: "https://souk.example", reconcileEvery: 50, smtpUrl: null },
};

export type EmailSettings = Partial<EmailProfile> & Pick<EmailProfile, "dataDir">;

export const startEmailNode = async (profile: StoreProfile, settings: EmailSettings): Promise<EmailNode> => {
	setStoreProfile(profile);
	const broker = new ServiceBroker({
		...{ logger: false, validator: new TypeBoxValidator(), middlewares: [domainErrors()], tracking: { enabled: true } },
		skipProcessEventRegistration: true,
	});
	const heard: DomainEvent[] = [];
	const service = broker.createService(email({ profile: { ...standard, ...settings } })) as Service as EmailService;
	const tales = broker.createService(teller(heard)) as Service as Teller;
	const link = (name: string) => () => {
		const token = node.tokens.has(name) ? node.tokens.get(name) : `token-of-${name}`;
		return token === null ? null : { token, expiresAt: "2099-01-01T00:00:00.000Z" };
	};
	broker.createService({
		name: "auth",
		actions: {
			contactsOf({ params }: Context<{ ids: string[] }>) {
				const { people } = node;
				if (!people) throw new Error("auth is away");
				return params.ids.flatMap((id) => people.get(id) ?? []);
			},
			resolveMany: ({ params }: Context<{ ids: string[] }>) =>
				params.ids.filter((id) => !node.gone.has(id)).map((id) => ({ id, name: node.people?.get(id)?.name })),
			verificationToken: link("verification"),
			resetToken: link("reset"),
		},
	});
	broker.createService({
		name: "notification",
		actions: {
			preferencesOf: ({ params }: Context<{ userIds: string[] }>) => ({
				items: params.userIds.map((userId) => ({
					userId,
					kinds: {},
					quietHours: null,
					digest: "off",
					...node.preferences.get(userId),
				})),
			}),
		},
	});
	broker.createService({
		name: "chat",
		actions: { audience: ({ params }: Context<ChatQuestion>) => ({ userIds: node.audience(params) }) },
	});
	const call: EmailNode["call"] = (action, params, meta = {}) =>
		broker.call(`email.${action}`, params, {
			meta: {
				user: { id: "ada", roles: ["admin"], sessionId: "s" },
				request: { key: newId(), hash: "hash", named: false },
				...meta,
			} satisfies CallMeta,
		});
	const mails: EmailNode["mails"] = async (params = {}) =>
		(await call<{ items: MailView[] }>("mails", { limit: 100, ...params })).items;
	const node: EmailNode = {
		audience: ({ userIds }) => userIds,
		...{ broker, service, heard, call, mails, people: new Map(), gone: new Set(), preferences: new Map(), tokens: new Map() },
		async tell(type, data) {
			const id = newId();
			const event = { type, subject: id, data } as EventDraft;
			await createEntity<Entity>(tales.store.tales, { _id: id }, [event], { at: Date.now() });
			return `tales.${id}.1.0`;
		},
		async until(userId, holds) {
			const [mail] = await until(
				`the mail of ${userId}`,
				() => mails({ userId }),
				(found) => found.length === 1 && found.every(holds),
			);
			return mail as MailView; // there is exactly one
		},
		async stop() {
			await broker.stop();
			setStoreProfile(undefined);
		},
	};
	await broker.start();
	return node;
};

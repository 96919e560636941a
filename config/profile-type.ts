import type { samplers } from "./variables.ts";

/** `count` requests in `seconds`, or no limit. */
export type RateLimit = { readonly count: number; readonly seconds: number } | "off";

/** How long what nobody needs any more is kept, in ms. */
export interface Retain {
	/** From the end of one round of removing to the start of the next. */
	readonly every: number;
	/** Bodies of archived notifications. */
	readonly archived: number;
	/** Where an order went, once it is over. */
	readonly deliveries: number;
	/** Mails that have ended. */
	readonly mails: number;
	/** That an address takes no mail. */
	readonly suppressions: number;
	/** Sessions that are over. */
	readonly sessions: number;
	/** Connections that have ended. */
	readonly connections: number;
	/** What moves answered, for the request that comes again under its key. */
	readonly requests: number;
	/** When somebody was last told of a conversation. */
	readonly windows: number;
	/** Webhooks that were dealt with. */
	readonly webhooks: number;
	/** What administrators changed. */
	readonly audit: number;
	readonly deadLetters: number;
}

/** How traces are sampled and exported. */
export interface TracingProfile {
	/** Base URL of a collector that speaks OTLP over HTTP. */
	readonly endpoint: string;
	/** Of each request to it; may be secret. */
	readonly headers: Readonly<Record<string, string>>;
	/** Of one batch of spans, with all its tries. */
	readonly timeoutMs: number;
	readonly sampler: (typeof samplers)[number];
	/** The part of all traces that is recorded, 0 to 1. */
	readonly ratio: number;
	/** Whether a client decides itself if its trace is recorded. */
	readonly trustsClients: boolean;
	/** How long spans wait for others, and how many may wait. */
	readonly everyMs: number;
	readonly room: number;
}

/** All that the environment decides; .env.example explains each variable. Times are milliseconds unless the name says otherwise. */
export interface Profile {
	readonly kind: "embedded" | "cluster";
	/** `embedded` store under dataDir, or MongoDB. */
	readonly store: { readonly kind: "embedded"; readonly dataDir: string } | { readonly kind: "mongo"; readonly url: string };
	readonly dataDir: string;
	/** nats:// URL, or null: everything in this process. Durable events are in JetStream exactly when it is set. */
	readonly transporter: string | null;
	readonly redisUrl: string | null;
	/** Before every key, subject and stream name that is shared with others; default "souk". */
	readonly keyPrefix: string;
	/** Copies of each stream that is made in JetStream. */
	readonly jetstreamReplicas: number;
	readonly services: readonly string[] | "all";
	readonly nodeId: string | null;
	readonly namespace: string;

	readonly port: number;
	readonly host: string;
	/** Where this node takes sockets, in a cluster; and under which host:port its peers reach that. */
	readonly socketPort: number | null;
	readonly advertise: string | null;
	readonly metricsPort: number | null;
	/** Moleculer's own metrics beside ours. */
	readonly moleculerMetrics: boolean;
	readonly publicUrl: string;
	readonly corsOrigins: readonly string[];
	/** How many proxies in front of us may be believed about X-Forwarded-For. */
	readonly trustProxy: number;
	/** To one node. */
	readonly socketsPerUser: number;
	readonly rateLimits: { readonly login: RateLimit; readonly api: RateLimit; readonly posts: RateLimit };

	readonly accessTokenTtl: number;
	readonly jwtKeys: string | null;
	readonly admin: { readonly email: string; readonly password: string } | null;
	readonly webhookSecrets: readonly string[];
	/** What new payments are charged by; null: by the sandbox. */
	readonly stripe: { readonly secretKey: string; readonly apiUrl: string } | null;
	/** How long an order may stay unpaid. */
	readonly orderExpiresAfter: number;
	/** How long after its order was placed a payment is due: from then on the buyer is reminded, once a day. */
	readonly paymentDueAfter: number;
	/** How long an order is cached, and how many at most in one process. */
	readonly orderCache: { readonly ttl: number; readonly entries: number };

	/** A conversation notifies a member at most once in this time. */
	readonly chatNotifyWindow: number;

	/** SMTP server, or null: mails become files under dataDir. */
	readonly smtpUrl: string | null;
	readonly mailFrom: string;
	readonly dkim: { readonly domain: string; readonly selector: string; readonly key: string } | null;

	/** Indexes are made at start; off where `npm run migrate` does it. */
	readonly autoMigrate: boolean;
	/** How long a lease must stand still before another node takes it. */
	readonly leaseTimeout: number;
	/** How old an unpublished event must be before the sweeper takes it for orphaned. */
	readonly outboxGrace: number;
	readonly outboxSweepEvery: number;
	/** How long a published event stays in its document. */
	readonly outboxKeep: number;
	readonly ackWait: number;
	/** How long an order waits for its payment's answer before it asks, and a payment for its provider's. */
	readonly answerDeadline: number;
	readonly reconcileEvery: number;
	/** How old a reservation of stock must be before one asks whether its order came to be. */
	readonly reservationGrace: number;
	/** The change feed: which collections (none named: all that may leave the database), and how long and how much of it is kept. */
	readonly cdc: { readonly collections: readonly string[]; readonly keep: number; readonly keepBytes: number };
	/** `<GROUP>_MAX_TRIES` and so on, by lower-case group. */
	readonly groups: Readonly<Record<string, { readonly tries?: number; readonly backoffMs?: number; readonly dedupeMs?: number }>>;

	readonly retain: Retain;

	readonly logLevel: string;
	readonly logFormat: "pretty" | "json";
	/** Where traces go, or null: nowhere, and no span is recorded. */
	readonly tracing: TracingProfile | null;
}

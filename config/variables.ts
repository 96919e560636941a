import { eventsKept, keysKept, webhooksRepeat } from "./lives.ts";
import * as read from "./parsers.ts";

// Every variable that Souk reads, in the order of .env.example, which a test holds against this table.

export interface Variable<T> {
	/** As it would stand in .env.example; "" means not set. */
	readonly standard: string;
	readonly parse: read.Parser<T>;
}

type Optional<T> = Variable<T> & { readonly standard: "" };

const optional = <T>(parse: read.Parser<T>): Optional<T> => ({ standard: "", parse });
const given = <T>(
	standard: string,
	parse: read.Parser<T>,
): Variable<T> & { readonly standard: string; readonly always: true } => ({
	standard,
	parse,
	always: true,
});

const word = read.matching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "letters, digits, - and _, at most 63");
const nodeName = read.matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "letters, digits, . - and _, at most 100");
const hostPort = read.matching(/^[^\s:/]+:\d{1,5}$|^\[[0-9A-Fa-f:]+\]:\d{1,5}$/, "host:port");

/** What runs in a process unless SERVICES says otherwise; also the names of the folders under services/. */
export const serviceNames = ["gateway", "auth", "orders", "payment", "chat", "notification", "email", "cdc"] as const;
/** Nothing to do in one process: there is no bus to publish on, and no change streams. */
export const clusterOnly: readonly ServiceName[] = ["cdc"];
export type ServiceName = (typeof serviceNames)[number];

/** Of OTEL_TRACES_SAMPLER, https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export const samplers = [
	"always_on",
	"always_off",
	"traceidratio",
	"parentbased_always_on",
	"parentbased_always_off",
	"parentbased_traceidratio",
] as const;

/** Consumer groups whose policy the environment may set. */
export const groupNames = ["orders", "payment", "chat", "notification", "notification_chat", "email", "email_chat"] as const;

const hour = 3_600_000;
const minute = 60_000;
const day = 24 * hour;

const comesAgain = "an event may come again after seven days, and has to be known then";

export const variables = {
	PORT: given("7000", read.portNumber),
	HOST: given("0.0.0.0", read.matching(/^[A-Za-z0-9.:_-]+$/, "a host name or an address")),
	PUBLIC_URL: optional(read.urlOf("http", "https")),
	CORS_ORIGINS: given("", read.list(read.origin)),
	TRUST_PROXY: given("0", read.whole(0, 10)),
	RATE_LIMIT_LOGIN: given("60/60", read.rateLimit),
	RATE_LIMIT_API: given("3000/60", read.rateLimit),
	RATE_LIMIT_POSTS: given("300/60", read.rateLimit),
	SOCKETS_PER_USER: given("1000", read.whole(1, 1_000_000)),

	DATA_DIR: given("./data", read.anyText),
	TRANSPORTER: optional(read.urlsOf("nats", "tls")),
	NATS_CA: optional(read.readableFile),
	NATS_CERT: optional(read.readableFile),
	NATS_KEY: optional(read.readableFile),
	NATS_CREDS: optional(read.readableFile),
	NATS_NKEY: optional(read.readableFile),
	MONGO_URL: optional(read.mongoUrl),
	MONGO_CA: optional(read.readableFile),
	MONGO_CERT: optional(read.readableFile),
	REDIS_URL: optional(read.urlOf("redis", "rediss")),
	REDIS_CA: optional(read.readableFile),
	REDIS_CERT: optional(read.readableFile),
	REDIS_KEY: optional(read.readableFile),
	KEY_PREFIX: given("souk", word),
	JETSTREAM_REPLICAS: given("1", read.whole(1, 5)),
	AUTO_MIGRATE: given("true", read.flag),

	SERVICES: given("", read.list(read.oneOf(...serviceNames))),
	NODE_ID: optional(nodeName),
	NAMESPACE: given("souk", word),
	SOCKET_PORT: optional(read.portNumber),
	ADVERTISE: optional(hostPort),
	METRICS_PORT: optional(read.portNumber),
	MOLECULER_METRICS: given("true", read.flag),

	ADMIN_EMAIL: optional(read.email),
	ADMIN_PASSWORD: optional(read.matching(/^.{8,128}$/su, "8 to 128 characters")),
	JWT_KEYS: optional(read.anyText),
	ACCESS_TOKEN_TTL: given("15m", read.duration),

	STRIPE_SECRET_KEY: optional(
		read.matching(
			/^(sk|rk)_(test|live)_[A-Za-z0-9_]{1,250}$/,
			"a secret or restricted key: sk_test_…, sk_live_…, rk_test_… or rk_live_…",
		),
	),
	STRIPE_API_URL: given("https://api.stripe.com", read.matching(/^https?:\/\/[^\s/?#@]+\/?$/, "a URL without path or password")),
	// How long one is, its provider decides: a short one is a warning, no refusal.
	WEBHOOK_SECRETS: given("", read.list(read.matching(/^\S+$/, "secrets without blanks, separated by commas"))),
	ORDER_EXPIRES_AFTER: given("24h", read.duration),
	PAYMENT_DUE_AFTER: given("12h", read.duration),
	ORDER_CACHE_TTL: given("2m", read.duration),
	ORDER_CACHE_ENTRIES: given("10000", read.whole(1, 10_000_000)),

	CHAT_NOTIFY_WINDOW: given("10m", read.duration),

	SMTP_URL: optional(read.urlOf("smtp", "smtps")),
	MAIL_FROM: given(
		"Souk <no-reply@souk.example>",
		read.matching(/^[^\r\n]*[^\s@<>]+@[^\s@<>]+>?$/, "Name <address> or an address"),
	),
	DKIM_DOMAIN: optional(read.anyText),
	DKIM_SELECTOR: optional(read.anyText),
	DKIM_KEY: optional(read.anyText),

	LEASE_TIMEOUT_MS: given("3000", read.milliseconds(100, hour)),
	OUTBOX_GRACE_MS: given("2000", read.milliseconds(0, hour)),
	OUTBOX_SWEEP_MS: given("1000", read.milliseconds(50, hour)),
	OUTBOX_KEEP_MS: given("600000", read.milliseconds(0, 24 * hour)),
	ACK_WAIT_MS: given("5000", read.milliseconds(200, hour)),
	ANSWER_DEADLINE_MS: given("5000", read.milliseconds(50, hour)),
	RECONCILE_EVERY_MS: given("1000", read.milliseconds(50, 10 * minute)),
	RESERVATION_GRACE_MS: given("60000", read.milliseconds(100, 24 * hour)),

	RETAIN_EVERY: given("10m", read.duration),
	RETAIN_ARCHIVED: given("90d", read.duration),
	RETAIN_DELIVERIES: given("90d", read.duration),
	RETAIN_MAILS: given("30d", read.durationFrom(eventsKept + day, comesAgain)),
	RETAIN_SUPPRESSIONS: given("365d", read.duration),
	RETAIN_SESSIONS: given("1h", read.duration),
	RETAIN_CONNECTIONS: given("24h", read.duration),
	RETAIN_REQUESTS: given("7d", read.durationFrom(keysKept, "that a key is good for 24 hours is promised")),
	RETAIN_WINDOWS: given("14d", read.durationFrom(eventsKept + day, comesAgain)),
	RETAIN_WEBHOOKS: given("90d", read.durationFrom(webhooksRepeat + day, "providers repeat themselves for three days")),
	RETAIN_AUDIT: given("400d", read.duration),
	RETAIN_DEAD_LETTERS: given("30d", read.durationFrom(day, "somebody has to have the time to look at them")),

	CDC_COLLECTIONS: given("", read.list(word)),
	CDC_KEEP: given("12h", read.duration),
	CDC_KEEP_MB: given("1024", read.whole(1, 100_000_000)),

	LOG_LEVEL: given("info", read.oneOf("fatal", "error", "warn", "info", "debug", "trace")),
	LOG_FORMAT: given("pretty", read.oneOf("pretty", "json")),
	OTEL_EXPORTER_OTLP_ENDPOINT: optional(read.urlOf("http", "https")),
	OTEL_EXPORTER_OTLP_HEADERS: given("", read.headers),
	OTEL_EXPORTER_OTLP_TIMEOUT: given("10000", read.milliseconds(100, hour)),
	OTEL_TRACES_SAMPLER: given("parentbased_traceidratio", read.oneOf(...samplers)),
	OTEL_TRACES_SAMPLER_ARG: given("0.1", read.ratio),
	OTEL_BSP_SCHEDULE_DELAY: given("5000", read.milliseconds(10, hour)),
	OTEL_BSP_MAX_QUEUE_SIZE: given("2048", read.whole(1, 1_000_000)),
	TRUST_TRACEPARENT: given("false", read.flag),
} as const;

export const groupVariables = {
	MAX_TRIES: given("8", read.whole(1, 1_000)),
	BACKOFF_MS: given("200", read.milliseconds(1, hour)),
	DEDUPE_MS: given(
		"1209600000",
		read.longerThan(
			eventsKept,
			3_650 * day,
			`the bus keeps events for seven days, and one that was handled must be known as long`,
		),
	),
} as const;

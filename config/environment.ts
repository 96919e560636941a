import { resolve } from "node:path";
import { mongoUrl, type NatsFiles, natsUrl, redisUrl, type TlsFiles } from "./connections.ts";
import { Unfit } from "./parsers.ts";
import type { Profile } from "./profile-type.ts";
import { clusterOnly, groupNames, groupVariables, type Variable, variables } from "./variables.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** All that is wrong with the environment, one line a variable. The message never holds a value: it may be a password. */
export class SettingsError extends Error {
	override readonly name = "SettingsError";
	/** Names of the variables that are wrong. */
	readonly variables: readonly string[];
	constructor(wrong: ReadonlyMap<string, string>) {
		const lines = [...wrong].map(([name, what]) => `  ${name} ${what}`);
		super(`Souk cannot start with these settings:\n${lines.join("\n")}\nEvery variable and its default is in .env.example.`);
		this.variables = [...wrong.keys()];
	}
}

type Table = Readonly<Record<string, Variable<unknown> & { readonly always?: true }>>;
type ValueOf<V> = V extends { parse: (text: string) => infer T; always: true }
	? T
	: V extends { parse: (text: string) => infer T }
		? T | null
		: never;
type Values<T extends Table> = { readonly [Name in keyof T]: ValueOf<T[Name]> };
type Settings = Values<typeof variables>;
type Wrong = Map<string, string>;

const parseInto = (wrong: Wrong, name: string, variable: Variable<unknown>, text: string): unknown => {
	try {
		return variable.parse(text);
	} catch (error) {
		if (!(error instanceof Unfit)) throw error;
		wrong.set(name, error.message);
		return null;
	}
};

/** An empty value is one that is not set: so a copy of .env.example changes nothing. */
const textOf = (env: Environment, name: string): string => {
	const text = env[name] ?? "";
	return text.trim() === "" ? "" : text;
};

const readTable = <T extends Table>(env: Environment, table: T, wrong: Wrong): Values<T> => {
	const values = Object.entries(table).map(([name, variable]) => {
		const text = textOf(env, name) || variable.standard;
		return [name, text || variable.always ? parseInto(wrong, name, variable, text) : null];
	});
	// A wrong value is null here, whatever its type: nobody sees it, since readEnvironment throws before it answers.
	return Object.fromEntries(values) as Values<T>;
};

const readGroups = (env: Environment, wrong: Wrong): Profile["groups"] => {
	const numberOf = (name: string, variable: Variable<number>): number | undefined => {
		const text = textOf(env, name);
		return text ? (parseInto(wrong, name, variable, text) as number) : undefined;
	};
	const policyOf = (group: string): Profile["groups"][string] => {
		const prefix = group.toUpperCase();
		const tries = numberOf(`${prefix}_MAX_TRIES`, groupVariables.MAX_TRIES);
		const backoffMs = numberOf(`${prefix}_BACKOFF_MS`, groupVariables.BACKOFF_MS);
		const dedupeMs = numberOf(`${prefix}_DEDUPE_MS`, groupVariables.DEDUPE_MS);
		return {
			...(tries === undefined ? {} : { tries }),
			...(backoffMs === undefined ? {} : { backoffMs }),
			...(dedupeMs === undefined ? {} : { dedupeMs }),
		};
	};
	return Object.fromEntries(groupNames.map((group) => [group, policyOf(group)]));
};

/** A misspelt SOUK_… would otherwise be ignored in silence. SOUK_TEST_… belongs to the test suites. */
const refuseUnknown = (env: Environment, wrong: Wrong): void => {
	for (const name of Object.keys(env)) {
		if (name.startsWith("SOUK_") && !name.startsWith("SOUK_TEST_")) wrong.set(name, "is not a setting of Souk");
	}
};

/** All of them or none: half a pair is a mistake that would show up much later. */
const refuseHalves = (env: Environment, wrong: Wrong, names: readonly string[]): void => {
	const missing = names.filter((name) => !textOf(env, name));
	if (missing.length === names.length) return;
	for (const name of missing) wrong.set(name, `must be set too: ${names.join(", ")} go together`);
};

/** Files for a server that nobody names would protect nothing. */
const refuseAlone = (env: Environment, wrong: Wrong, url: string, files: readonly string[]): void => {
	if (textOf(env, url)) return;
	for (const name of files.filter((file) => textOf(env, file))) wrong.set(name, `is for ${url}, which is not set`);
};

/** Services that one process has no use for. */
const refuseApart = (env: Environment, wrong: Wrong): void => {
	const named = textOf(env, "SERVICES").split(",");
	const apart = clusterOnly.filter((name) => named.some((one) => one.trim() === name));
	if (apart.length > 0 && !textOf(env, "TRANSPORTER"))
		wrong.set("SERVICES", `names ${apart.join(", ")}, which only a cluster has: set TRANSPORTER, MONGO_URL and REDIS_URL too`);
};

/** Credentials of the servers: each with the URL of its own, and whole. */
const refuseForServers = (env: Environment, wrong: Wrong): void => {
	refuseAlone(env, wrong, "TRANSPORTER", ["NATS_CA", "NATS_CERT", "NATS_KEY", "NATS_CREDS", "NATS_NKEY"]);
	refuseAlone(env, wrong, "MONGO_URL", ["MONGO_CA", "MONGO_CERT"]);
	refuseAlone(env, wrong, "REDIS_URL", ["REDIS_CA", "REDIS_CERT", "REDIS_KEY"]);
	refuseHalves(env, wrong, ["NATS_CERT", "NATS_KEY"]);
	refuseHalves(env, wrong, ["REDIS_CERT", "REDIS_KEY"]);
	if (textOf(env, "NATS_CREDS") && textOf(env, "NATS_NKEY")) wrong.set("NATS_NKEY", "must not be set beside NATS_CREDS");
};

const refuseImpossible = (env: Environment, settings: Settings, wrong: Wrong): void => {
	if (textOf(env, "TRANSPORTER")) {
		const why = "must be set too: with TRANSPORTER there are several nodes, and they need";
		if (!textOf(env, "MONGO_URL")) wrong.set("MONGO_URL", `${why} one database (mongodb://host:27017/?replicaSet=rs0)`);
		if (!textOf(env, "REDIS_URL")) wrong.set("REDIS_URL", `${why} one cache (redis://host:6379)`);
	}
	refuseApart(env, wrong);
	refuseForServers(env, wrong);
	refuseHalves(env, wrong, ["ADMIN_EMAIL", "ADMIN_PASSWORD"]);
	refuseHalves(env, wrong, ["DKIM_DOMAIN", "DKIM_SELECTOR", "DKIM_KEY"]);
	if (settings.STRIPE_SECRET_KEY) refuseForStripe(env, settings.STRIPE_SECRET_KEY, wrong);
};

const refuseForStripe = (env: Environment, key: string, wrong: Wrong): void => {
	// It is part of each charge, and a charge that is repeated under its key must be the same on every node.
	if (!textOf(env, "PUBLIC_URL")) wrong.set("PUBLIC_URL", "must be set too: Stripe sends buyers back there");
	if (key.includes("_live_") && /^http:/i.test(textOf(env, "STRIPE_API_URL")))
		wrong.set("STRIPE_API_URL", "must be https with a key for real money");
};

/** Together or not at all; refuseHalves has seen to the rest. */
const whole = <T extends Record<string, string | null>>(parts: T): { [Name in keyof T]: string } | null =>
	Object.values(parts).every((part) => part !== null) ? (parts as { [Name in keyof T]: string }) : null;

const natsFiles = ({ NATS_CA, NATS_CERT, NATS_KEY, NATS_CREDS, NATS_NKEY }: Settings): NatsFiles => {
	return { ca: NATS_CA, cert: NATS_CERT, key: NATS_KEY, creds: NATS_CREDS, nkey: NATS_NKEY };
};
const redisFiles = ({ REDIS_CA, REDIS_CERT, REDIS_KEY }: Settings): TlsFiles => {
	return { ca: REDIS_CA, cert: REDIS_CERT, key: REDIS_KEY };
};
const tracingOf = (settings: Settings): Profile["tracing"] =>
	settings.OTEL_EXPORTER_OTLP_ENDPOINT === null
		? null
		: {
				endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
				headers: settings.OTEL_EXPORTER_OTLP_HEADERS,
				timeoutMs: settings.OTEL_EXPORTER_OTLP_TIMEOUT,
				sampler: settings.OTEL_TRACES_SAMPLER,
				ratio: settings.OTEL_TRACES_SAMPLER_ARG,
				trustsClients: settings.TRUST_TRACEPARENT,
				everyMs: settings.OTEL_BSP_SCHEDULE_DELAY,
				room: settings.OTEL_BSP_MAX_QUEUE_SIZE,
			};

const toProfile = (settings: Settings, groups: Profile["groups"]): Profile => {
	const dataDir = resolve(settings.DATA_DIR);
	return {
		kind: settings.TRANSPORTER ? "cluster" : "embedded",
		store: settings.MONGO_URL
			? { kind: "mongo", url: mongoUrl(settings.MONGO_URL, { ca: settings.MONGO_CA, cert: settings.MONGO_CERT }) }
			: { kind: "embedded", dataDir },
		dataDir,
		transporter: settings.TRANSPORTER && natsUrl(settings.TRANSPORTER, natsFiles(settings)),
		redisUrl: settings.REDIS_URL && redisUrl(settings.REDIS_URL, redisFiles(settings)),
		keyPrefix: settings.KEY_PREFIX,
		jetstreamReplicas: settings.JETSTREAM_REPLICAS,
		services: settings.SERVICES.length > 0 ? [...new Set(settings.SERVICES)] : "all",
		nodeId: settings.NODE_ID,
		namespace: settings.NAMESPACE,
		port: settings.PORT,
		host: settings.HOST,
		socketPort: settings.SOCKET_PORT,
		advertise: settings.ADVERTISE,
		metricsPort: settings.METRICS_PORT,
		moleculerMetrics: settings.MOLECULER_METRICS,
		publicUrl: (settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`).replace(/\/+$/, ""),
		corsOrigins: settings.CORS_ORIGINS,
		trustProxy: settings.TRUST_PROXY,
		socketsPerUser: settings.SOCKETS_PER_USER,
		rateLimits: { login: settings.RATE_LIMIT_LOGIN, api: settings.RATE_LIMIT_API, posts: settings.RATE_LIMIT_POSTS },
		accessTokenTtl: settings.ACCESS_TOKEN_TTL,
		jwtKeys: settings.JWT_KEYS,
		admin: whole({ email: settings.ADMIN_EMAIL, password: settings.ADMIN_PASSWORD }),
		webhookSecrets: settings.WEBHOOK_SECRETS,
		stripe: settings.STRIPE_SECRET_KEY ? { secretKey: settings.STRIPE_SECRET_KEY, apiUrl: settings.STRIPE_API_URL } : null,
		orderExpiresAfter: settings.ORDER_EXPIRES_AFTER,
		paymentDueAfter: settings.PAYMENT_DUE_AFTER,
		orderCache: { ttl: settings.ORDER_CACHE_TTL, entries: settings.ORDER_CACHE_ENTRIES },
		chatNotifyWindow: settings.CHAT_NOTIFY_WINDOW,
		smtpUrl: settings.SMTP_URL,
		mailFrom: settings.MAIL_FROM,
		dkim: whole({ domain: settings.DKIM_DOMAIN, selector: settings.DKIM_SELECTOR, key: settings.DKIM_KEY }),
		autoMigrate: settings.AUTO_MIGRATE,
		leaseTimeout: settings.LEASE_TIMEOUT_MS,
		outboxGrace: settings.OUTBOX_GRACE_MS,
		outboxSweepEvery: settings.OUTBOX_SWEEP_MS,
		outboxKeep: settings.OUTBOX_KEEP_MS,
		ackWait: settings.ACK_WAIT_MS,
		answerDeadline: settings.ANSWER_DEADLINE_MS,
		reconcileEvery: settings.RECONCILE_EVERY_MS,
		reservationGrace: settings.RESERVATION_GRACE_MS,
		cdc: { collections: settings.CDC_COLLECTIONS, keep: settings.CDC_KEEP, keepBytes: settings.CDC_KEEP_MB * 1_048_576 },
		groups,
		retain: {
			every: settings.RETAIN_EVERY,
			archived: settings.RETAIN_ARCHIVED,
			deliveries: settings.RETAIN_DELIVERIES,
			mails: settings.RETAIN_MAILS,
			suppressions: settings.RETAIN_SUPPRESSIONS,
			sessions: settings.RETAIN_SESSIONS,
			connections: settings.RETAIN_CONNECTIONS,
			requests: settings.RETAIN_REQUESTS,
			windows: settings.RETAIN_WINDOWS,
			webhooks: settings.RETAIN_WEBHOOKS,
			audit: settings.RETAIN_AUDIT,
			deadLetters: settings.RETAIN_DEAD_LETTERS,
		},
		logLevel: settings.LOG_LEVEL,
		logFormat: settings.LOG_FORMAT,
		tracing: tracingOf(settings),
	};
};

const deepFreeze = <T>(value: T): T => {
	if (value !== null && typeof value === "object") {
		for (const part of Object.values(value)) deepFreeze(part);
		Object.freeze(value);
	}
	return value;
};

/**
 * What the environment asks for, frozen. Throws `SettingsError` with everything that is wrong, not just the first. `needs`: a node without services
 * has nothing to do with a database or a cache.
 */
export const readEnvironment = (env: Environment, needs: "all" | "bus" = "all"): Profile => {
	const wrong: Wrong = new Map();
	const settings = readTable(env, variables, wrong);
	const groups = readGroups(env, wrong);
	refuseUnknown(env, wrong);
	if (needs === "all") refuseImpossible(env, settings, wrong);
	if (wrong.size > 0) throw new SettingsError(wrong);
	return deepFreeze(toProfile(settings, groups));
};

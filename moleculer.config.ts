import { type BrokerOptions, Cachers, type Middleware } from "moleculer";
import { natsOptions } from "./config/connections.ts";
import { jsonLine, type LogFormat, prettyLine } from "./config/log-format.ts";
import { PatientDiscoverer } from "./config/patient-discoverer.ts";
import { profile } from "./config/profile.ts";
import type { Profile } from "./config/profile-type.ts";
import { ForgivingRedisCacher } from "./config/redis-cacher.ts";
import { audit } from "./middlewares/audit.ts";
import { domainErrors } from "./middlewares/domain-errors.ts";
import { drain } from "./middlewares/drain.ts";
import { metrics } from "./middlewares/metrics.ts";
import { placement } from "./middlewares/placement.ts";
import { currentIds, requestId } from "./middlewares/request-id.ts";
import { tracing } from "./middlewares/tracing.ts";
import { TypeBoxValidator } from "./middlewares/typebox-validator.ts";
import { MoleculerReporter } from "./mixins/metrics/moleculer-reporter.ts";
import { setStoreProfile } from "./mixins/store/store-profile.ts";

// Options of one broker. Every line differs from Moleculer's default for the reason beside it.

const cacheSeconds = 30;

/** Refusals of Moleculer itself after which another node, or the same one a moment later, may well answer. A time-out is none: the caller has waited long enough. */
const worthRetrying = new Set(["SERVICE_NOT_FOUND", "SERVICE_NOT_AVAILABLE", "REQUEST_REJECTED"]);
const isWorthRetrying = (error: Error): boolean => worthRetrying.has((error as { type?: string }).type ?? "");

/** What speaks against the node that answered. A store that is away (UNAVAILABLE) is away for all nodes: opening their circuits helps nobody. */
const blamesNode = (error: Error): boolean => {
	const { code, type } = error as { code?: unknown; type?: string };
	return typeof code === "number" && code >= 500 && type !== "UNAVAILABLE";
};

/** Not by Moleculer's hook for lines, which its own parts never call. */
const formatted =
	(format: LogFormat): LogFormat =>
	(level, args, bindings) =>
		format(level, args, bindings, currentIds());

const logFormats: Readonly<Record<Profile["logFormat"], LogFormat>> = { json: jsonLine, pretty: prettyLine };

/** In one process Moleculer's own start-up lines say nothing that the banner does not; on a cluster who came and went matters. */
const logLevels = ({ kind, logLevel }: Profile): string | Record<string, string> => {
	if (kind === "cluster" || logLevel !== "info") return logLevel;
	const quiet = ["REGISTRY", "TRANSIT", "TRANSPORTER", "DISCOVERY", "CACHER", "$NODE"];
	// The broker warns of each call to a service that is still starting, which in one process all do at the same time.
	return { ...Object.fromEntries(quiet.map((mod) => [mod, "warn"])), BROKER: "error", "**": logLevel };
};

/** Not by `url`: of that Moleculer takes neither TLS nor what is escaped in a password. */
const transporter = (url: string, name: string | null): BrokerOptions["transporter"] => ({
	type: "NATS",
	options: natsOptions(url, name ?? "souk"),
});

/** A started service is known to the other nodes in a fifth of a second, not a whole one. (Missing in Moleculer's types.) */
const transit: BrokerOptions["transit"] & { serviceChangedDebounceTime: number } = { serviceChangedDebounceTime: 200 };

const cacher = ({ redisUrl, keyPrefix }: Profile): BrokerOptions["cacher"] =>
	redisUrl
		? new ForgivingRedisCacher(redisUrl, `${keyPrefix}-cache`, cacheSeconds)
		: // A copy for each reader: in one process a handler could otherwise change what the next one reads.
			new Cachers.MemoryLRU({ max: 10_000, ttl: cacheSeconds, clone: true });

/** Not there where nobody asked for traces: then it costs nothing. */
const traced = ({ tracing: to, services }: Profile): Middleware[] => (to ? [tracing({ profile: to, services })] : []);
/** Our reporter is none that Moleculer's types know; Moleculer takes any instance of its own base. */
const ownMetrics = ({ moleculerMetrics }: Profile): BrokerOptions["metrics"] =>
	moleculerMetrics && {
		enabled: true,
		collectProcessMetrics: false, // prom-client knows the process already, and is asked at a scrape instead of every five seconds
		reporter: new MoleculerReporter() as unknown as "Prometheus",
	};

export const brokerOptions = (profile: Profile): BrokerOptions => ({
	namespace: profile.namespace, // so that two installations can share a NATS server
	nodeID: profile.nodeId, // names in logs that survive a restart, where the operator gives them
	created: () => setStoreProfile({ ...profile.store, autoMigrate: profile.autoMigrate, outboxGrace: profile.outboxGrace }), // before the first service asks where its documents are

	transporter: profile.transporter ? transporter(profile.transporter, profile.nodeId) : null, // null: one process, no bus
	transit,
	// Dead nodes are looked for every `heartbeatTimeout` and given that long: out after 5 s at the latest. A beat comes every
	// 0.25 to 1.25 s (Moleculer adds ±0.5 s), so a node that is merely busy for half a second stays in.
	heartbeatInterval: 0.75,
	heartbeatTimeout: 2,

	requestTimeout: 10_000, // a call that hangs ends before the client gives up; default: never
	retryPolicy: { enabled: true, retries: 3, delay: 100, maxDelay: 1_000, factor: 2, check: isWorthRetrying }, // a node that died mid-call: every action is safe to repeat
	circuitBreaker: { enabled: true, threshold: 0.5, windowTime: 20, minRequestCount: 20, halfOpenTime: 3_000, check: blamesNode }, // a node that only fails gets a rest, short enough to settle within 15 s
	bulkhead: { enabled: true, concurrency: 100, maxQueueSize: 5_000 }, // per action: a flood of one waits in line instead of taking the memory of all
	tracking: { enabled: true, shutdownTimeout: 5_000 }, // off by default: a stop would cut off the calls in flight. It comes after the drain, and a stop as a whole has 15 s
	registry: {
		preferLocal: true, // the default, written down because placement relies on it: a call that can stay in this process does
		discoverer: new PatientDiscoverer(), // a process that stood still for 2 s would take all others for dead
	},

	metrics: ownMetrics(profile), // in the page that has our own metrics
	cacher: cacher(profile),
	validator: new TypeBoxValidator(), // `params` are the same TypeBox schemas that the OpenAPI document is made of
	middlewares: [audit(), domainErrors(), ...traced(profile), requestId(), metrics(), drain(), placement()], // stopped from the last to the first: the door begins to close, then services drain

	logLevel: null, // the logger's own levels count
	logger: {
		type: "Console",
		options: { level: logLevels(profile), formatter: formatted(logFormats[profile.logFormat]), colors: false }, // secrets do not get into the log
	},
});

/** For moleculer-runner, which calls it once its flags and .env are read. */
export default (): BrokerOptions => brokerOptions(profile());

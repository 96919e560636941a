import { setTimeout as delay } from "node:timers/promises";
import type { ServiceSchema } from "moleculer";
import SocketIo from "moleculer-io";
import { DomainError } from "../../contracts/errors.ts";
import { type Namespace, namespaces, socketLimits } from "../../contracts/sockets.ts";
import { Engine } from "../../realtime/engine.ts";
import type { RingName } from "../../realtime/ring.ts";
import { sockets } from "../placement/sockets.mixin.ts";
import { rateLimits } from "../rate-limits/rate-limits.ts";
import { volatileRedis } from "../redis/volatile-redis.ts";
import { outOfScope } from "../tracing/scope.ts";
import { connectionRegistry } from "./connection-registry.ts";
import { type Frame, frameEncoder } from "./frame.ts";
import { Gate } from "./gate.ts";
import { counting, streamGauges } from "./gauges.ts";
import { deskOf, join } from "./joining.ts";
import { connectError, letIn, misledBy } from "./letting-in.ts";
import { nodeTimers } from "./node-timers.ts";
import type { StreamSession } from "./session.ts";
import type { StreamsMembers, StreamsOptions, StreamsService } from "./streams-service.ts";
import { tracedObserver, tracedOrigin } from "./traced.ts";

export type { StreamsMembers, StreamsOptions } from "./streams-service.ts";

/** How often tokens of live sockets are looked at, in ms. */
const recheckMs = 5_000;

const engineOf = (service: StreamsService, namespace: Namespace, ring: RingName): Engine<Frame> => {
	const { home, placement } = service;
	return new Engine<Frame>({
		log: home.log,
		encoder: frameEncoder(service.io.of(namespace)),
		// While nobody knows whose it is, it stays where it is.
		ownership: { owns: (stream) => placement.whose(stream) !== "other" },
		membership: home,
		greet: (stream, userId) => home.greet(stream, userId),
		timers: nodeTimers,
		random: Math.random,
		origin: tracedOrigin,
		// Of a stream that serves many: whichever of them it began to work for has nothing to do with it.
		report: (error, what, stream) => outOfScope(() => service.logger.warn(`${stream}: ${what}: ${(error as Error).message}`)),
		observer: tracedObserver(
			namespace,
			(stream) => service.engine.look(stream)?.followers ?? 0,
			counting(home.observer ?? {}, ring),
		),
	});
};

const open = (service: StreamsService, { ring: name, namespace, home, profile }: StreamsOptions): void => {
	const onTrouble = (error: Error): void => service.logger.warn(`Redis is away, going on without it: ${error.message}`);
	service.redis = profile.redisUrl === null ? null : volatileRedis(profile.redisUrl, onTrouble);
	service.redis?.connect();
	service.limits = rateLimits(profile.rateLimits, service.redis, profile.keyPrefix);
	service.trustProxy = profile.trustProxy;
	service.home = home(service);
	service.registry = connectionRegistry({
		...{ broker: service.broker, logger: service.logger, name: service.name, store: service.home.registry, profile },
		settled: () => service.placement.settled,
	});
	service.engine = engineOf(service, namespace, name);
	const desk = deskOf(service);
	const nsp = service.io.of(namespace);
	service.gate.watch(service.io);
	nsp.use((socket, next) => void letIn(service, namespace, socket, next));
	nsp.on("connection", (socket) => void join(service, namespace, desk, socket));
	// The door goes by the stream alone, so those who name one of ours in another namespace come here as well.
	for (const other of namespaces.filter((name) => name !== namespace)) {
		service.io.of(other).use((socket, next) => next(connectError(service, misledBy(other, socket))));
	}
	// The namespace that socket.io makes by itself: nobody is let in.
	service.io
		.of("/")
		.use((_socket, next) => next(connectError(service, new DomainError("STREAM_REQUIRED", `Connect to ${namespace}`))));
	const tokens = setInterval(() => {
		for (const session of service.sessions) void session.recheck();
	}, recheckMs);
	const ring = service.placement.onChange(() => {
		service.engine.recheck().catch((error: unknown) => service.logger.error("Handing streams over:", error));
	});
	service.undo = [() => clearInterval(tokens), ring, streamGauges(service, name)];
};

/** How long the last frames may take to arrive before the connections are ended, in ms. */
const lastFramesMs = 100;
/** How long they may take to leave, in ms: to a polling client with its next poll, which socket.io's own close does not wait for. */
const takenMs = 2_000;

const untilTaken = async (sessions: ReadonlySet<StreamSession>): Promise<void> => {
	const end = performance.now() + takenMs;
	while ([...sessions].some(({ sink }) => sink.queued > 0) && performance.now() < end) await delay(lastFramesMs / 5);
};

const close = async (service: StreamsService): Promise<void> => {
	for (const undo of service.undo ?? []) undo();
	// Everybody hears `moved` and comes back elsewhere, some at a time.
	const { engine } = service;
	await engine?.drain();
	await untilTaken(service.sessions);
	if (service.sessions.size > 0) await delay(lastFramesMs);
	await service.io?.close();
	(service as Partial<StreamsMembers>).io = undefined; // or moleculer-io would close it once more
	await service.registry?.close();
};

/**
 * Sockets that follow streams: each connection of the namespace names one stream, which the door has brought to the node that owns it, where the stream
 * engine serves it. List it after `accessTokens()` and before the store: `home` needs the store open.
 */
export const streams = (options: StreamsOptions): Partial<ServiceSchema> => {
	const schema = {
		mixins: [SocketIo, sockets(options)],
		settings: {
			$secureSettings: ["io"],
			// moleculer-io deep-copies the options and passes them on to socket.io.
			io: {
				options: {
					path: "/socket.io",
					serveClient: false,
					pingInterval: socketLimits.pingEvery,
					pingTimeout: socketLimits.silence,
					connectTimeout: socketLimits.join,
					maxHttpBufferSize: socketLimits.messageBytes,
					perMessageDeflate: false,
					httpCompression: false,
					cors: options.profile.corsOrigins.length > 0 ? { origin: [...options.profile.corsOrigins] } : undefined,
				},
			},
		},
		actions: {
			// Of moleculer-io. Nobody calls actions from a socket, and nobody else's business is who is connected.
			call: false,
			broadcast: false,
			getClients: false,
		},
		merged(merged: ServiceSchema) {
			// Its default namespace "/" survives the merge of settings and would let anybody call any published action, `$node.list` too.
			(merged.settings as { io: { namespaces: object } }).io.namespaces = {};
		},
		created(this: StreamsService) {
			this.sessions = new Set();
			this.gate = new Gate(options.profile.socketsPerUser);
			// In one process sockets are on the gateway's port, and a client that polls hears of its move on a new connection.
			this.drainsFirst = true;
		},
		async started(this: StreamsService) {
			this.io.engine.generateId = this.door.newSessionId;
			open(this, options);
		},
		methods: {
			/** For middlewares/drain.ts: before any service of this process stops. */
			async drain(this: StreamsService) {
				this.draining ??= close(this);
				await this.draining;
			},
		},
		async stopped(this: StreamsService) {
			await this.drain();
			// Not before: calls that were on their way to this node when it left the registry still post here.
			await this.engine?.stop();
			this.redis?.close();
		},
	};
	return schema as unknown as Partial<ServiceSchema>;
};

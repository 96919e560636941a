import { setTimeout as delay } from "node:timers/promises";
import type { Service, ServiceSchema } from "moleculer";
import SocketIo from "moleculer-io";
import type { Server, Socket } from "socket.io";
import { clock } from "../../config/clock.ts";
import type { Profile } from "../../config/profile-type.ts";
import { DomainError, errorTable } from "../../contracts/errors.ts";
import { type ClientMessageName, type ClientPayload, type Namespace, namespaces, socketLimits } from "../../contracts/sockets.ts";
import { refusalOf } from "../../middlewares/domain-errors.ts";
import { Engine } from "../../realtime/engine.ts";
import { defaultLimits } from "../../realtime/limits.ts";
import type { RingName } from "../../realtime/ring.ts";
import type { AccessTokenMethods } from "../access-token/access-token.mixin.ts";
import type { VerifiedCaller } from "../access-token/claims.ts";
import { type Sockets, sockets } from "../placement/sockets.mixin.ts";
import { networkOf } from "../rate-limits/network.ts";
import { type LimitName, type RateLimits, rateLimits } from "../rate-limits/rate-limits.ts";
import { type VolatileRedis, volatileRedis } from "../redis/volatile-redis.ts";
import { addressOf, agentOf } from "../rest/client.ts";
import { outOfScope } from "../tracing/scope.ts";
import { handshakeOf } from "./checks.ts";
import { type ConnectionRegistry, connectionRegistry } from "./connection-registry.ts";
import { whyEnded } from "./connection-row.ts";
import type { ConnectionFacts } from "./connections.ts";
import { type Frame, frameEncoder } from "./frame.ts";
import { Gate } from "./gate.ts";
import { counting, streamGauges } from "./gauges.ts";
import { historyPage } from "./history-page.ts";
import { nodeTimers } from "./node-timers.ts";
import type { StreamHome } from "./ports.ts";
import { type SessionDesk, StreamSession } from "./session.ts";
import { SocketSink } from "./socket-sink.ts";
import { tracedObserver, tracedOrigin } from "./traced.ts";

export interface StreamsOptions {
	/** The name of the service, which is that of its ring. */
	ring: RingName;
	namespace: Namespace;
	profile: Profile;
	/** Asked once the service's store is open. */
	home(service: Service): StreamHome;
}

/** Members of `this` in a service with this mixin. */
export interface StreamsMembers extends Sockets, AccessTokenMethods {
	engine: Engine<Frame>;
	sessions: Set<StreamSession>;
	/** Who may join, and how many connections a user has. */
	gate: Gate;
	home: StreamHome;
	io: Server;
}

interface Private {
	redis: VolatileRedis | null;
	limits: RateLimits;
	registry: ConnectionRegistry;
	trustProxy: number;
	undo: (() => void)[];
	draining: Promise<void> | undefined;
	/** For middlewares/drain.ts. */
	drainsFirst: boolean;
	drain(): Promise<void>;
}

type This = Service & StreamsMembers & Private;

/** How often tokens of live sockets are looked at, in ms. */
const recheckMs = 5_000;
/** A hand-over of all streams takes about this many batches at most: the stop of a process waits for it. */
const mostBatches = 20;

interface Admitted {
	caller: VerifiedCaller;
	token: string;
	stream: string;
	after?: number;
	lastId?: string;
	last?: number;
}

/** `connect_error` with a code: socket.io passes on the message and `data` of the error. */
const connectError = (service: Service, error: unknown): Error => {
	const known = refusalOf(error);
	if (!known) service.logger.error("A socket could not be let in:", error);
	const { code, message, extras } = known ?? new DomainError("INTERNAL");
	const { title, retryable = false } = errorTable[code];
	return Object.assign(new Error(title), { data: { code, title, detail: message, retryable, ...extras } });
};

/** Of several with one name engine.io keeps the last, and the door went by the first. */
const queryOf = ({ handshake: { url } }: Socket): { stream_id?: string | string[] } => {
	const named = new URL(url, "http://souk").searchParams.getAll("stream_id");
	const [stream_id] = named;
	return named.length > 1 ? { stream_id: named } : { ...(stream_id !== undefined && { stream_id }) };
};

const limit = async (service: This, name: LimitName, who: string): Promise<void> => {
	const standing = await service.limits.consume(name, who);
	if (standing && !standing.allowed) throw new DomainError("RATE_LIMITED", undefined, { retryAfter: standing.reset });
};

const clientAddress = ({ trustProxy, door }: This, { request }: Socket): string =>
	addressOf(request, trustProxy + door.hopsOf(request));

/** As over HTTP, a token that is refused counts against its address. */
const verify = async (service: This, token: string, socket: Socket): Promise<VerifiedCaller> => {
	try {
		return await service.verifyAccessToken(token);
	} catch (error) {
		await limit(service, "api", `address:${networkOf(clientAddress(service, socket))}`);
		throw error;
	}
};

const admit = async (service: This, namespace: Namespace, socket: Socket): Promise<Admitted> => {
	const asked = handshakeOf(namespace, queryOf(socket), socket.handshake.auth);
	const caller = await verify(service, asked.token, socket);
	service.gate.count(socket.conn, caller.id);
	await limit(service, "api", `user:${caller.id}`);
	await service.home.admit(asked.stream, caller);
	return { ...asked, caller };
};

/** Why nobody is let in there: what is wrong with what they came with, which is the stream at least. */
const misledBy = (namespace: Namespace, socket: Socket): unknown => {
	try {
		handshakeOf(namespace, queryOf(socket), socket.handshake.auth);
		return new DomainError("WRONG_STREAM");
	} catch (error) {
		return error;
	}
};

const letIn = async (service: This, namespace: Namespace, socket: Socket, next: (error?: Error) => void): Promise<void> => {
	try {
		service.gate.take(socket.conn);
	} catch (error) {
		return next(connectError(service, error));
	}
	try {
		socket.data = await admit(service, namespace, socket);
		next();
	} catch (error) {
		service.gate.free(socket.conn);
		next(connectError(service, error));
	}
};

const notHere = (): never => {
	throw new DomainError("FORBIDDEN", "This stream does not take that");
};

type Handlers = { [N in ClientMessageName]: (session: StreamSession, message: ClientPayload<N>) => Promise<object> };

const handlersOf = (service: This): Handlers => {
	const { handlers } = service.home;
	return {
		async post({ stream, caller }, message) {
			return handlers.post ? handlers.post(stream, caller, message) : notHere();
		},
		async amend({ stream, caller }, message) {
			return handlers.amend ? handlers.amend(stream, caller, message) : notHere();
		},
		read: ({ stream, caller }, { seq }) => handlers.read(stream, caller, seq),
		async delivered({ stream, caller }, { seq }) {
			return handlers.delivered ? handlers.delivered(stream, caller, seq) : notHere();
		},
		history: (session, { before, limit = 50 }) =>
			session.inTurn(async () => {
				// A client that asks by polling cannot be paused; it gets no more pages until it has taken those it asked for.
				if (session.sink.paused) throw new DomainError("RATE_LIMITED", "Take what you have asked for first", { retryAfter: 1 });
				return { entries: historyPage(await service.engine.history(session.stream, { before, limit })) };
			}),
		refresh: (session, { token }) => session.refresh(token),
		async typing({ stream, caller }) {
			service.engine.typing(stream, caller.id);
			return {};
		},
	};
};

const deskOf = (service: This): SessionDesk => {
	const handlers = handlersOf(service);
	return {
		verify: (token) => service.verifyAccessToken(token),
		async handle(session, name, message) {
			if (name === "post" || name === "amend") await limit(service, "posts", `user:${session.caller.id}`);
			return handlers[name](session, message);
		},
		failed: (error, what) => service.logger.error(`${what}:`, error),
		now: () => clock.now(),
	};
};

/** For the registry: who is there, seen past the proxies that are trusted and the node that may have passed the request on. */
const factsOf = (service: This, namespace: Namespace, socket: Socket, { caller, stream }: StreamSession): ConnectionFacts => ({
	userId: caller.id,
	address: clientAddress(service, socket),
	agent: agentOf(socket.request),
	stream,
	namespace,
});

/** From here on the socket is a follower of its stream. */
const join = async (service: This, namespace: Namespace, desk: SessionDesk, socket: Socket): Promise<void> => {
	const { caller, token, stream, ...position } = socket.data as Admitted;
	const sink = new SocketSink(socket);
	const session = new StreamSession(socket, stream, sink, { caller, token }, desk);
	service.sessions.add(session);
	const { connections } = service.registry;
	connections.opened(session, factsOf(service, namespace, socket, session));
	service.gate.joined(socket.conn);
	socket.once("disconnect", (reason) => {
		service.sessions.delete(session);
		session.attached?.leave();
		const problem = session.endedBy ?? sink.problem;
		connections.ended(session, whyEnded({ problem, moved: sink.moved, stopping: service.draining !== undefined, reason }));
		// Without its stream it would be a connection that nobody counts and nothing ends.
		socket.conn.close();
	});
	session.listen(namespace);
	try {
		const attached = await service.engine.attach(stream, { userId: caller.id, sink, ...position });
		session.attached = attached;
		if (socket.connected) sink.follow(attached);
		else attached.leave();
	} catch (error) {
		if (!(error instanceof DomainError)) service.logger.error(`${stream} could not be followed:`, error);
		session.end(error instanceof DomainError ? error : new DomainError("UNAVAILABLE"));
	}
};

const engineOf = (service: This, namespace: Namespace, ring: RingName): Engine<Frame> => {
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

const open = (service: This, { ring: name, namespace, home, profile }: StreamsOptions): void => {
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

const close = async (service: This): Promise<void> => {
	for (const undo of service.undo ?? []) undo();
	// Everybody hears `moved` and comes back elsewhere, some at a time.
	const { engine } = service;
	await engine?.drain(Math.max(defaultLimits.moveBatch, Math.ceil(engine.size / mostBatches)));
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
		created(this: This) {
			this.sessions = new Set();
			this.gate = new Gate(options.profile.socketsPerUser);
			// In one process sockets are on the gateway's port, and a client that polls hears of its move on a new connection.
			this.drainsFirst = true;
		},
		async started(this: This) {
			this.io.engine.generateId = this.door.newSessionId;
			open(this, options);
		},
		methods: {
			/** For middlewares/drain.ts: before any service of this process stops. */
			async drain(this: This) {
				this.draining ??= close(this);
				await this.draining;
			},
		},
		async stopped(this: This) {
			await this.drain();
			// Not before: calls that were on their way to this node when it left the registry still post here.
			await this.engine?.stop();
			this.redis?.close();
		},
	};
	return schema as unknown as Partial<ServiceSchema>;
};

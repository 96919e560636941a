import type { Socket } from "socket.io";
import { clock } from "../../config/clock.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { ClientMessageName, ClientPayload, Namespace } from "../../contracts/sockets.ts";
import { agentOf } from "../rest/client.ts";
import { whyEnded } from "./connection-row.ts";
import type { ConnectionFacts } from "./connections.ts";
import { historyPage } from "./history-page.ts";
import { type Admitted, clientAddress, limit } from "./letting-in.ts";
import { type SessionDesk, StreamSession } from "./session.ts";
import { SocketSink } from "./socket-sink.ts";
import type { StreamsService } from "./streams-service.ts";

// What a socket that was let in is to its stream, and what it may ask.

const notHere = (): never => {
	throw new DomainError("FORBIDDEN", "StreamsService stream does not take that");
};

type Handlers = { [N in ClientMessageName]: (session: StreamSession, message: ClientPayload<N>) => Promise<object> };

const handlersOf = (service: StreamsService): Handlers => {
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

export const deskOf = (service: StreamsService): SessionDesk => {
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
const factsOf = (
	service: StreamsService,
	namespace: Namespace,
	socket: Socket,
	{ caller, stream }: StreamSession,
): ConnectionFacts => ({
	userId: caller.id,
	address: clientAddress(service, socket),
	agent: agentOf(socket.request),
	stream,
	namespace,
});

/** From here on the socket is a follower of its stream. */
export const join = async (service: StreamsService, namespace: Namespace, desk: SessionDesk, socket: Socket): Promise<void> => {
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

import type { Service } from "moleculer";
import type { Socket } from "socket.io";
import { DomainError, errorTable } from "../../contracts/errors.ts";
import type { Namespace } from "../../contracts/sockets.ts";
import { refusalOf } from "../../middlewares/domain-errors.ts";
import type { VerifiedCaller } from "../access-token/claims.ts";
import { networkOf } from "../rate-limits/network.ts";
import type { LimitName } from "../rate-limits/rate-limits.ts";
import { addressOf } from "../rest/client.ts";
import { handshakeOf } from "./checks.ts";
import type { StreamsService } from "./streams-service.ts";

// Who may have a socket, and what the others are told.

export interface Admitted {
	caller: VerifiedCaller;
	token: string;
	stream: string;
	after?: number;
	lastId?: string;
	last?: number;
}

/** `connect_error` with a code: socket.io passes on the message and `data` of the error. */
export const connectError = (service: Service, error: unknown): Error => {
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

export const limit = async (service: StreamsService, name: LimitName, who: string): Promise<void> => {
	const standing = await service.limits.consume(name, who);
	if (standing && !standing.allowed) throw new DomainError("RATE_LIMITED", undefined, { retryAfter: standing.reset });
};

export const clientAddress = ({ trustProxy, door }: StreamsService, { request }: Socket): string =>
	addressOf(request, trustProxy + door.hopsOf(request));

/** As over HTTP, a token that is refused counts against its address. */
const verify = async (service: StreamsService, token: string, socket: Socket): Promise<VerifiedCaller> => {
	try {
		return await service.verifyAccessToken(token);
	} catch (error) {
		await limit(service, "api", `address:${networkOf(clientAddress(service, socket))}`);
		throw error;
	}
};

const admit = async (service: StreamsService, namespace: Namespace, socket: Socket): Promise<Admitted> => {
	const asked = handshakeOf(namespace, queryOf(socket), socket.handshake.auth);
	const caller = await verify(service, asked.token, socket);
	service.gate.count(socket.conn, caller.id);
	await limit(service, "api", `user:${caller.id}`);
	await service.home.admit(asked.stream, caller);
	return { ...asked, caller };
};

/** Why nobody is let in there: what is wrong with what they came with, which is the stream at least. */
export const misledBy = (namespace: Namespace, socket: Socket): unknown => {
	try {
		handshakeOf(namespace, queryOf(socket), socket.handshake.auth);
		return new DomainError("WRONG_STREAM");
	} catch (error) {
		return error;
	}
};

export const letIn = async (
	service: StreamsService,
	namespace: Namespace,
	socket: Socket,
	next: (error?: Error) => void,
): Promise<void> => {
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

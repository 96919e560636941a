import type { Socket } from "socket.io";
import { DomainError, errorTable } from "../../contracts/errors.ts";
import {
	type ClientMessage,
	type ClientMessageName,
	type ClientPayload,
	clientMessages,
	clientMessagesOf,
	type Namespace,
	socketLimits,
} from "../../contracts/sockets.ts";
import { refusedAck } from "../../contracts/stream-requests.ts";
import { refusalOf } from "../../middlewares/domain-errors.ts";
import type { Attached } from "../../realtime/follower.ts";
import type { VerifiedCaller } from "../access-token/claims.ts";
import { fail, inTrace, type NewSpan, type Span } from "../tracing/spans.ts";
import { requestOf } from "./checks.ts";
import { Flood } from "./flood.ts";
import type { SocketSink } from "./socket-sink.ts";

/** What a connection asks of its node. */
export interface SessionDesk {
	verify(token: string): Promise<VerifiedCaller>;
	/** Does what a message asks for; what it answers becomes the ack. */
	handle<N extends ClientMessageName>(session: StreamSession, name: N, message: ClientPayload<N>): Promise<object>;
	/** A refusal that nobody chose: goes to the log. */
	failed(error: unknown, what: string): void;
	/** Epoch ms. */
	now(): number;
}

/** Messages of one connection: a second of fast typing clients, far more than a person; a client that repeats its posts after a cut fits. */
const burst = 300;
const perSecond = 100;

/**
 * A client that has so many bytes of answers waiting, in bytes, is not heard: it asks without reading. What the engine writes by itself, with a page of
 * history on top, stays below. Its messages get no answer, which tells it nothing but that it has to ask again.
 */
const deafBytes = 1024 * 1024;

type Ack = (answer: object) => void;

const spanOf = (namespace: Namespace, name: ClientMessageName): NewSpan => ({
	name: `${namespace} ${name}`,
	kind: "server",
	attributes: { "messaging.system": "socket.io", "messaging.destination.name": namespace, "messaging.operation.name": name },
});

/** One socket that follows one stream. */
export class StreamSession {
	readonly socket: Socket;
	readonly stream: string;
	readonly sink: SocketSink;
	readonly connectedAt: number;
	/** Epoch ms of the last message of this client. */
	lastMessageAt: number;
	caller: VerifiedCaller;
	attached: Attached | undefined;
	/** Why we ended it; undefined while it lives, or if the client went. */
	endedBy: string | undefined;
	readonly #desk: SessionDesk;
	readonly #flood: Flood;
	#token: string;
	#turn: Promise<unknown> = Promise.resolve();

	constructor(
		socket: Socket,
		stream: string,
		sink: SocketSink,
		admitted: { caller: VerifiedCaller; token: string },
		desk: SessionDesk,
	) {
		this.socket = socket;
		this.stream = stream;
		this.sink = sink;
		this.caller = admitted.caller;
		this.#token = admitted.token;
		this.#desk = desk;
		this.connectedAt = desk.now();
		this.lastMessageAt = this.connectedAt;
		this.#flood = new Flood(burst, perSecond, performance.now());
	}

	listen(namespace: Namespace): void {
		for (const [name, { ack }] of clientMessagesOf(namespace)) {
			const answers = ack[namespace] !== null;
			const span = spanOf(namespace, name);
			this.socket.on(
				name,
				(message: unknown, reply: unknown = message) => void this.#hear(span, name, message, answers ? reply : undefined),
			);
		}
		for (const [name, { ack }] of Object.entries(clientMessages) as [ClientMessageName, ClientMessage][])
			if (!Object.hasOwn(ack, namespace) && ack["/chat"] !== null)
				this.socket.on(name, (message: unknown, reply: unknown = message) => this.#refuse(name, namespace, reply));
	}

	/** One after the other, so that each sees what those before it have written. */
	inTurn<T>(work: () => Promise<T>): Promise<T> {
		const mine = this.#turn.then(work);
		this.#turn = mine.catch(() => undefined); // whoever asked was told
		return mine;
	}

	/** The same user goes on with another token. Throws what `verify` throws, and UNAUTHORIZED for somebody else's. */
	async refresh(token: string): Promise<{ expiresIn: number }> {
		const caller = await this.#desk.verify(token);
		if (caller.id !== this.caller.id) throw new DomainError("UNAUTHORIZED", "This token is another user's");
		this.caller = caller;
		this.#token = token;
		return { expiresIn: Math.max(0, Math.floor((caller.expiresAt - this.#desk.now()) / 1_000)) };
	}

	/** Ends it if its token is good no longer: one that has merely expired has some time to be refreshed. */
	async recheck(): Promise<void> {
		const token = this.#token;
		try {
			await this.#desk.verify(token);
		} catch (error) {
			if (token !== this.#token) return; // refreshed meanwhile
			if (!(error instanceof DomainError) || error.code === "UNAVAILABLE") return; // nothing is known against it
			if (error.code === "TOKEN_EXPIRED" && this.#desk.now() < this.caller.expiresAt + socketLimits.tokenGrace) return;
			this.end(error);
		}
	}

	/** `problem`, then the disconnect. */
	end(error: DomainError): void {
		if (this.endedBy) return;
		const { code } = error;
		this.endedBy = code;
		this.attached?.leave();
		const { title, retryable = false } = errorTable[code];
		this.sink.resume();
		this.socket.emit("problem", { code, title, retryable });
		this.socket.disconnect(true);
	}

	/** What is said in the other namespace only. Who waits for an ack gets one, and so knows that it is not the connection. */
	#refuse(name: ClientMessageName, namespace: Namespace, reply: unknown): void {
		if (typeof reply !== "function" || this.sink.queued > deafBytes) return;
		const refused = this.#flood.take(performance.now())
			? new DomainError("VALIDATION", `There is no ${name} in ${namespace}`)
			: new DomainError("RATE_LIMITED", "Too many messages at once", { retryAfter: 1 });
		(reply as Ack)(refusedAck(refused));
	}

	/** Each begins a trace of its own, but for what is gone as soon as it is said. */
	#hear(span: NewSpan, name: ClientMessageName, message: unknown, reply: unknown): Promise<void> {
		if (this.sink.queued > deafBytes) return Promise.resolve();
		const ack = typeof reply === "function" ? (reply as Ack) : undefined;
		if (name === "typing") return this.#answer(null, name, message, ack);
		return inTrace(span, (recorded) => this.#answer(recorded, name, message, ack));
	}

	async #answer(span: Span | null, name: ClientMessageName, message: unknown, ack: Ack | undefined): Promise<void> {
		try {
			this.lastMessageAt = this.#desk.now();
			if (!this.#flood.take(performance.now()))
				throw new DomainError("RATE_LIMITED", "Too many messages at once", { retryAfter: 1 });
			const answer = await this.#desk.handle(this, name, requestOf(name, message));
			ack?.({ ok: true, ...answer });
		} catch (error) {
			const refusal = this.#known(error, name);
			fail(span, refusal);
			ack?.(refusedAck(refusal));
		}
	}

	#known(error: unknown, name: string): DomainError {
		const known = refusalOf(error);
		if (known) return known;
		this.#desk.failed(error, `${name} on ${this.stream}`);
		return new DomainError("INTERNAL");
	}
}

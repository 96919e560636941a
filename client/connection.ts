import { io, type Socket } from "socket.io-client";
import type {
	CountersMessage,
	PresenceMessage,
	ProblemMessage,
	ReadyMessage,
	ReceiptMessage,
	TypingMessage,
} from "../contracts/stream-messages.ts";
import type { Entry } from "../realtime/entry.ts";
import { type Refusal, SoukError } from "./errors.ts";
import type { Ack } from "./outbox.ts";
import type { Settings } from "./settings.ts";
import type { FollowOptions } from "./types.ts";

/** What a connection tells; nothing comes after `end()`. */
export interface Listener {
	ready(message: ReadyMessage): void;
	entries(entries: readonly Entry[]): void;
	presence(message: PresenceMessage): void;
	typing(message: TypingMessage): void;
	receipt(message: ReceiptMessage): void;
	counters(message: CountersMessage): void;
	moved(): void;
	problem(message: ProblemMessage): void;
	/** The handshake was refused; without `refusal`, nobody answered. */
	refused(refusal: Refusal | undefined, message: string): void;
	ended(): void;
}

export interface Target {
	namespace: string;
	stream: string;
	token: string;
	position: FollowOptions;
}

/** One socket of one stream. */
export class Connection {
	readonly #socket: Socket;
	readonly #answerMs: number;
	#over = false;

	constructor({ namespace, stream, token, position }: Target, settings: Settings, listener: Listener) {
		this.#answerMs = settings.answerMs;
		this.#socket = io(new URL(namespace, settings.url).href, {
			query: { stream_id: stream },
			auth: { token, ...position },
			forceNew: true, // a shared connection would carry another stream's id, and land at another stream's owner
			reconnection: false,
			timeout: settings.answerMs,
			transports: [...settings.transports],
		});
		this.#listen(listener);
	}

	/** Throws `SoukError`: the refusal, or TIMEOUT. */
	ask<Answer>(event: string, message: object): Promise<Answer> {
		return new Promise((resolve, reject) => {
			this.send(event, message, (ack) => {
				if (ack === null) reject(new SoukError({ code: "TIMEOUT", title: `No answer to ${event}`, retryable: true }));
				else if (ack.ok) resolve(ack as never);
				else reject(new SoukError(ack.problem));
			});
		});
	}

	/** `answered` gets null when no answer came in time. */
	send(event: string, message: object, answered: (ack: Ack | null) => void): void {
		this.#socket.timeout(this.#answerMs).emit(event, message, (late: Error | null, ack: Ack) => answered(late ? null : ack));
	}

	/** May be dropped on the way. */
	hint(event: string): void {
		this.#socket.volatile.emit(event, {});
	}

	end(): void {
		this.#over = true;
		this.#socket.disconnect();
	}

	/** Of a cut between the transport's own handshake and its first message socket.io would tell when the time for the whole is over. */
	#listenEarly(listener: Listener): void {
		const manager = this.#socket.io;
		const { engine } = manager;
		const ended = (): void => {
			if (!this.#over) listener.ended();
		};
		engine.once("close", ended);
		manager.once("open", () => engine.off("close", ended));
	}

	#listen(listener: Listener): void {
		const on = <Payload>(event: string, handle: (payload: Payload) => void): void => {
			this.#socket.on(event, (payload: Payload) => {
				if (!this.#over) handle(payload);
			});
		};
		on<ReadyMessage>("ready", (message) => listener.ready(message));
		on<Entry[]>("entries", (entries) => listener.entries(entries));
		on<PresenceMessage>("presence", (message) => listener.presence(message));
		on<TypingMessage>("typing", (message) => listener.typing(message));
		on<ReceiptMessage>("receipt", (message) => listener.receipt(message));
		on<CountersMessage>("counters", (message) => listener.counters(message));
		on("moved", () => listener.moved());
		on<ProblemMessage>("problem", (message) => listener.problem(message));
		on<Error & { data?: Refusal }>("connect_error", ({ data, message }) => listener.refused(data, message));
		on("disconnect", () => listener.ended());
		this.#listenEarly(listener);
	}
}

import { type Refusal, SoukError } from "./errors.ts";

// What was posted and is not acknowledged. A post has its id from the start, so it can be sent again after any failure: the server answers
// a repeat with the seq of the first.

export type Ack = ({ ok: true } & Record<string, unknown>) | { ok: false; problem: Refusal };

interface Pending {
	event: "post" | "amend";
	message: { id: string };
	inFlight: boolean;
	resolve(ack: never): void;
	reject(error: unknown): void;
}

/** Sends one message; `answered` is called once: with the ack, or with null when none came in time or the connection went. */
export type Send = (event: string, message: object, answered: (ack: Ack | null) => void) => void;

export class Outbox {
	readonly #pending = new Set<Pending>();
	readonly #window: number;
	readonly #again: () => void;
	#send: Send | undefined;
	#inFlight = 0;
	/** The server asked for patience: nothing leaves before `resume`, so that later posts do not overtake the one that was put off. */
	#paused = false;
	#closed: SoukError | undefined;

	/** `again`: something was refused for now or not answered; whoever owns this calls `resume` after a while. */
	constructor(window: number, again: () => void) {
		this.#window = window;
		this.#again = again;
	}

	/** How many are not acknowledged yet. */
	get size(): number {
		return this.#pending.size;
	}

	add<Answer>(event: Pending["event"], message: { id: string }): Promise<Answer> {
		if (this.#closed) return Promise.reject(this.#closed);
		return new Promise<Answer>((resolve, reject) => {
			this.#pending.add({ event, message, inFlight: false, resolve, reject });
			this.#flush();
		});
	}

	/** A connection is there; what is not acknowledged goes out over it, in the order it was posted. */
	open(send: Send): void {
		this.#send = send;
		this.resume();
	}

	resume(): void {
		this.#paused = false;
		this.#flush();
	}

	/** The connection is gone, and with it the answers to what was sent over it. */
	cut(): void {
		this.#send = undefined;
		this.#inFlight = 0;
		for (const pending of this.#pending) pending.inFlight = false;
	}

	close(error: SoukError): void {
		this.#closed = error;
		this.cut();
		for (const { reject } of this.#pending) reject(error);
		this.#pending.clear();
	}

	#flush(): void {
		for (const pending of this.#pending) {
			if (!this.#send || this.#paused || this.#inFlight >= this.#window) return;
			if (!pending.inFlight) this.#dispatch(pending, this.#send);
		}
	}

	#dispatch(pending: Pending, send: Send): void {
		pending.inFlight = true;
		this.#inFlight += 1;
		send(pending.event, pending.message, (ack) => {
			if (this.#send !== send || !this.#pending.has(pending)) return; // of a connection that was given up
			pending.inFlight = false;
			this.#inFlight -= 1;
			this.#settle(pending, ack);
		});
	}

	#settle(pending: Pending, ack: Ack | null): void {
		if (ack === null || (!ack.ok && ack.problem.retryable)) {
			this.#paused = true;
			this.#again();
			return;
		}
		this.#pending.delete(pending);
		if (ack.ok) pending.resolve(ack as never);
		else pending.reject(new SoukError(ack.problem));
		this.#flush();
	}
}

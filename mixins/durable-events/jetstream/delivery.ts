import { ErrorCode, type Msg, NatsError } from "nats";

// A message of a pull consumer. Its reply subject says which delivery it is, and takes the answer:
// https://docs.nats.io/reference/reference-protocols/nats_api_reference and ADR-15 of nats-architecture-and-design.

const text = new TextEncoder();
const answers = { done: text.encode("+ACK"), working: text.encode("+WPI"), never: text.encode("+TERM") } as const;

interface Numbers {
	readonly tries: number;
	readonly seq: number;
	/** Epoch ms: when the stream took the message. */
	readonly storedAt: number;
}

/** `$JS.ACK.<domain>.<account>.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>…`, or without the first two. */
const numbersOf = (reply: string): Numbers => {
	const tokens = reply.split(".");
	const [tries, seq, , stored] = tokens.slice(tokens.length === 9 ? 4 : 6).map(Number);
	if (tries === undefined || seq === undefined || stored === undefined) throw new Error(`not a delivery: ${reply}`);
	return { tries, seq, storedAt: Math.floor(stored / 1e6) };
};

export class JetStreamDelivery {
	readonly #message: Msg;
	readonly subject: string;
	readonly seq: number;
	readonly storedAt: number;
	/** Counts deliveries, whether they ended in an outcome or were lost with their process. */
	readonly tries: number;
	/** Of the monotonic clock: since when the server has waited for a word. */
	#toldAt = performance.now();

	constructor(message: Msg) {
		this.#message = message;
		this.subject = message.subject;
		({ tries: this.tries, seq: this.seq, storedAt: this.storedAt } = numbersOf(message.reply ?? ""));
	}

	header(name: string): string | undefined {
		return this.#message.headers?.get(name) || undefined;
	}

	text(): string {
		return this.#message.string();
	}

	bytes(): Uint8Array {
		return this.#message.data;
	}

	/**
	 * Puts off the redelivery by another ack wait, if half of it is over: most handlers end before that, and their answer is word enough.
	 * To be called at least every tenth of the ack wait, so that no word comes later than after six tenths.
	 */
	working(ackWait: number): void {
		const now = performance.now();
		if (now - this.#toldAt < ackWait / 2) return;
		this.#toldAt = now;
		this.#answer(answers.working);
	}

	done(): void {
		this.#answer(answers.done);
	}

	/** Never without a delay: a bare nak burns every try in milliseconds. */
	again(delayMs: number): void {
		this.#answer(text.encode(`-NAK ${JSON.stringify({ delay: Math.max(1, Math.round(delayMs)) * 1e6 })}`));
	}

	never(): void {
		this.#answer(answers.never);
	}

	/** A handler may outlive its connection when it outlasts the drain: nobody is there to tell, and the event comes again. */
	#answer(payload: Uint8Array): void {
		try {
			this.#message.respond(payload);
		} catch (error) {
			if (!(error instanceof NatsError) || error.code !== ErrorCode.ConnectionClosed) throw error;
		}
	}
}

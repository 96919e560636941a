import { DomainError } from "../../contracts/errors.ts";
import { canonicalJson } from "../../contracts/ids.ts";
import type { Entry } from "../../realtime/entry.ts";
import { type Appended, LogUnavailable, LogUncertain, type StreamLog } from "../../realtime/log.ts";
import type { Posted, PostRequest, StreamsPort } from "./streams-port.ts";

/** Posts of this node that meet on one stream take turns; it is those of other nodes that can be met again and again. */
const tries = 32;

const toDomain = (error: unknown): unknown =>
	error instanceof LogUnavailable || error instanceof LogUncertain
		? new DomainError("UNAVAILABLE", "The conversation cannot be reached right now")
		: error;

const answerTo = ({ type, body }: PostRequest, entry: Entry): Posted => {
	const same = entry.type === type && (entry.erased === true || canonicalJson(entry.body) === canonicalJson(body));
	if (!same) throw new DomainError("ID_REUSED");
	return { seq: entry.seq, at: entry.at, repeated: true };
};

/** Streams without an engine: each post reads the tail and appends one entry after it. */
export class LogStreams implements StreamsPort {
	readonly #log: StreamLog;
	readonly #now: () => number;
	readonly #turns = new Map<string, Promise<unknown>>();

	constructor(log: StreamLog, now: () => number) {
		this.#log = log;
		this.#now = now;
	}

	async post(stream: string, request: PostRequest): Promise<Posted> {
		const before = this.#turns.get(stream);
		const turn = (async () => {
			await before?.catch(() => undefined); // whoever posted that was told
			return this.#post(stream, request);
		})();
		this.#turns.set(stream, turn);
		try {
			return await turn;
		} finally {
			if (this.#turns.get(stream) === turn) this.#turns.delete(stream);
		}
	}

	async history(stream: string, { after, before, limit }: { after?: number; before?: number; limit: number }): Promise<Entry[]> {
		try {
			if (after !== undefined) return await this.#log.after(stream, after, limit);
			return await this.#log.before(stream, before ?? Number.MAX_SAFE_INTEGER, limit);
		} catch (error) {
			throw toDomain(error);
		}
	}

	forget(): void {
		// Nothing is kept: every read goes to the log.
	}

	async #post(stream: string, request: PostRequest): Promise<Posted> {
		const { events, ...content } = request;
		const at = new Date(this.#now()).toISOString();
		for (let attempt = 0; attempt < tries; attempt++) {
			const seq = (await this.#ask(this.#log.tail(stream))) + 1;
			const entry: Entry = { stream, seq, ...content, at };
			const outcome: Appended = await this.#ask(this.#log.append([{ ...entry, events: events?.(entry) ?? [] }]));
			if (outcome.end === "all") return { seq, at, repeated: false };
			if (outcome.end === "repeat") return answerTo(request, outcome.entry);
		}
		throw new DomainError("STREAM_OVERLOADED");
	}

	async #ask<R>(asked: Promise<R>): Promise<R> {
		try {
			return await asked;
		} catch (error) {
			throw toDomain(error);
		}
	}
}

import type { JetStreamClient, JetStreamManager, StoredMsg } from "nats";
import type { DeadLetter, DeadLetters } from "../port.ts";
import type { DeadLetterMessage } from "./dead-letter-writer.ts";
import { isApiError } from "./errors.ts";
import type { Names } from "./names.ts";

type ListOptions = Parameters<DeadLetters["list"]>[0];

const isSequence = (id: string): boolean => /^[1-9]\d{0,15}$/.test(id);

/** The dead letter stream as a list. A letter's id is its sequence. */
export class JetStreamDeadLetters implements DeadLetters {
	readonly #js: JetStreamClient;
	readonly #jsm: JetStreamManager;
	readonly #names: Names;

	constructor(js: JetStreamClient, jsm: JetStreamManager, names: Names) {
		this.#js = js;
		this.#jsm = jsm;
		this.#names = names;
	}

	async list({ group, limit, cursor }: ListOptions): Promise<{ items: DeadLetter[]; nextCursor: string | null }> {
		const subject = this.#names.dead(group ?? "*");
		const items: DeadLetter[] = [];
		const range = await this.#range();
		let high = cursor && isSequence(cursor) ? Number(cursor) - 1 : range.last;
		// The stream can only be read upwards: windows going down, each twice as wide as the one before, then turned around.
		for (let width = limit * 2; high >= range.first && items.length <= limit; width *= 2) {
			const low = Math.max(range.first, high - width + 1);
			items.push(...(await this.#between(low, high, subject)).reverse());
			high = low - 1;
		}
		const page = items.slice(0, limit);
		return { items: page, nextCursor: items.length > limit ? (page.at(-1)?.id ?? null) : null };
	}

	async get(id: string): Promise<DeadLetter | null> {
		const message = isSequence(id) ? await this.#read({ seq: Number(id) }) : null;
		return message && letterOf(message);
	}

	/** Handed over first, removed afterwards: if we die in between it is on the list still, and a second retry does no harm. */
	async retry(id: string): Promise<boolean> {
		const letter = await this.get(id);
		if (!letter) return false;
		const { subject, payload } = this.#secondChance(letter);
		await this.#js.publish(subject, payload, { msgID: `retry:${id}:${letter.lastAt}` });
		await this.drop(id);
		return true;
	}

	async drop(id: string): Promise<boolean> {
		if (!(await this.get(id))) return false;
		try {
			return await this.#jsm.streams.deleteMessage(this.#names.deadStream, Number(id), false);
		} catch (error) {
			if (await this.get(id)) throw error;
			return false; // somebody else was faster
		}
	}

	async oldest(): Promise<number | null> {
		return (await this.#first())?.time.getTime() ?? null;
	}

	async dropBefore(before: number, limit: number): Promise<number> {
		let dropped = 0;
		for (let found = await this.#first(); found && found.time.getTime() <= before && dropped < limit; ) {
			await this.drop(String(found.seq));
			dropped += 1;
			found = await this.#first();
		}
		return dropped;
	}

	#first(): Promise<StoredMsg | null> {
		return this.#read({ seq: 1, next_by_subj: this.#names.dead("*") });
	}

	/** A document has one group only, and goes where it came from, as it came. */
	#secondChance({ group, subject, event }: DeadLetter): { subject: string; payload: string } {
		if (!subject.startsWith(this.#names.documents(""))) {
			return { subject: this.#names.retry(group, typeOf(event)), payload: JSON.stringify(event) };
		}
		return { subject, payload: typeof event === "string" ? event : JSON.stringify(event) };
	}

	async #between(low: number, high: number, subject: string): Promise<DeadLetter[]> {
		const letters: DeadLetter[] = [];
		for (let seq = low; seq <= high; ) {
			const message = await this.#read({ seq, next_by_subj: subject });
			if (!message || message.seq > high) break;
			letters.push(letterOf(message));
			seq = message.seq + 1;
		}
		return letters;
	}

	async #range(): Promise<{ first: number; last: number }> {
		try {
			const { state } = await this.#jsm.streams.info(this.#names.deadStream);
			return { first: Math.max(1, state.first_seq), last: state.last_seq };
		} catch (error) {
			if (isApiError(error, "noStream")) return { first: 1, last: 0 };
			throw error;
		}
	}

	async #read(query: { seq: number; next_by_subj?: string }): Promise<StoredMsg | null> {
		try {
			return await this.#jsm.streams.getMessage(this.#names.deadStream, query);
		} catch (error) {
			if (isApiError(error, "noMessage") || isApiError(error, "noStream")) return null;
			throw error;
		}
	}
}

const letterOf = (message: StoredMsg): DeadLetter => ({
	id: String(message.seq),
	...message.json<DeadLetterMessage>(),
});

/** A message that was no event has no type: its group gets it again all the same. */
const typeOf = (event: unknown): string => {
	const type = typeof event === "object" && event !== null && "type" in event ? event.type : undefined;
	return typeof type === "string" ? type : "unknown";
};

import type { Entry } from "../../../../client/index.ts";
import type { EntryBodies } from "../../../../contracts/stream-entries.ts";
import { inOrder, keyOf, type Message } from "./message.ts";

interface Amendment {
	seq: number;
	text: string | null;
}

/** What the page keeps of a conversation while its reader is at the end: the rest is fetched again when it is scrolled to. */
const kept = 200;
const tooMany = 500;

/**
 * The messages of a conversation, made of its entries, which may come from both ends: an edit may be there before the message that it
 * changes has been loaded.
 */
export class MessageLog {
	readonly #byKey = new Map<string, Message>();
	readonly #amendments = new Map<string, Amendment>();
	#sorted: readonly Message[] | null = [];
	/** The oldest entry that is here; what lies before it was not loaded. */
	firstSeq = Number.POSITIVE_INFINITY;
	lastSeq = 0;

	/** In order. The same array until something changes. */
	get messages(): readonly Message[] {
		this.#sorted ??= [...this.#byKey.values()].sort(inOrder);
		return this.#sorted;
	}

	clear(): void {
		for (const [key, { seq }] of this.#byKey) if (seq !== null) this.#byKey.delete(key);
		this.#amendments.clear();
		this.#sorted = null;
		this.firstSeq = Number.POSITIVE_INFINITY;
		this.lastSeq = 0;
	}

	take(entry: Entry): void {
		this.firstSeq = Math.min(this.firstSeq, entry.seq);
		this.lastSeq = Math.max(this.lastSeq, entry.seq);
		this.#sorted = null;
		const { id, from, seq, at } = entry;
		if (entry.type === "message.posted") {
			const text = (entry.body as EntryBodies["message.posted"] | null)?.text ?? null;
			this.#put({ id, from, seq, at, text });
		} else if (entry.body === null) {
			return;
		} else if (entry.type === "message.edited" || entry.type === "message.deleted") {
			const { target, text = null } = entry.body as { target: string; text?: string };
			this.#amend(keyOf({ from, id: target }), { seq, text });
		} else if (entry.type === "member.joined" || entry.type === "member.left") {
			const { userId } = entry.body as EntryBodies["member.joined"];
			const kind = entry.type === "member.joined" ? "joined" : "left";
			this.#put({ id, from, seq, at, text: null, note: { kind, userId } });
		}
	}

	/** What its own writer sees before the server has answered. */
	write(from: string, id: string, text: string): void {
		this.#put({ id, from, seq: null, at: new Date().toISOString(), text });
		this.#sorted = null;
	}

	refuse(from: string, id: string, why: string): void {
		const message = this.#byKey.get(keyOf({ from, id }));
		if (message) this.#put({ ...message, refused: why });
		this.#sorted = null;
	}

	forget(from: string, id: string): void {
		this.#byKey.delete(keyOf({ from, id }));
		this.#sorted = null;
	}

	/** Lets go of the oldest. */
	trim(): void {
		if (this.#byKey.size <= tooMany) return;
		const { messages } = this;
		for (const message of messages.slice(0, -kept)) this.#byKey.delete(keyOf(message));
		this.#sorted = null;
		this.firstSeq = this.messages.find(({ seq }) => seq !== null)?.seq ?? Number.POSITIVE_INFINITY;
	}

	#put(message: Message): void {
		const key = keyOf(message);
		const amendment = this.#amendments.get(key);
		this.#byKey.set(key, amendment ? { ...message, text: amendment.text, edited: true } : message);
	}

	/** Of two the later one holds, in whichever order they come. */
	#amend(key: string, amendment: Amendment): void {
		const known = this.#amendments.get(key);
		if (known && known.seq > amendment.seq) return;
		this.#amendments.set(key, amendment);
		const message = this.#byKey.get(key);
		if (message) this.#byKey.set(key, { ...message, text: amendment.text, edited: true });
	}
}

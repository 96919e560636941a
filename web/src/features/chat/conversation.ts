import type {
	PresenceMessage,
	ReadyMessage,
	ReceiptMessage,
	Stream,
	StreamState,
	TypingMessage,
} from "../../../../client/index.ts";
import { newKey } from "../../api/http.ts";
import { wordsOf } from "../../api/problem.ts";
import { queries } from "../../api/queries.ts";
import { createStore } from "../../api/store.ts";
import { souk } from "../../live/client.ts";
import type { Message } from "./message.ts";
import { MessageLog } from "./message-log.ts";

export interface View {
	state: StreamState["kind"];
	/** Why it is closed. */
	error?: string;
	messages: readonly Message[];
	members: ReadonlyMap<string, string>;
	presence: ReadonlyMap<string, PresenceMessage>;
	/** By user: up to which seq. */
	reads: ReadonlyMap<string, number>;
	delivered: ReadonlyMap<string, number>;
	/** By user: until when (epoch ms). */
	typing: ReadonlyMap<string, number>;
	/** Older messages can be had. */
	hasOlder: boolean;
	/** Greeted at least once. */
	known: boolean;
}

/** Many entries in a moment make one change of the page, in ms. */
const together = 40;
const typingEvery = 2_000;
const page = 60;

/** A conversation that is followed: what its page shows, and what can be done in it. */
export class Conversation {
	readonly view = createStore<View>({
		state: "connecting",
		messages: [],
		members: new Map(),
		presence: new Map(),
		reads: new Map(),
		delivered: new Map(),
		typing: new Map(),
		hasOlder: false,
		known: false,
	});
	readonly #me: string;
	readonly #stream: Stream;
	readonly #log = new MessageLog();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#typedAt = 0;
	#read = 0;
	#loading: Promise<void> | null = null;

	constructor(id: string, me: string) {
		this.#me = me;
		this.#stream = souk().conversation(id, { last: page });
		this.#listen(this.#stream);
	}

	/** What was written and is not stored yet. */
	get unsent(): number {
		return this.#stream.unacknowledged;
	}

	get isOver(): boolean {
		return this.#stream.state.kind === "closed";
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#stream.close();
	}

	post(text: string): void {
		const id = newKey();
		this.#log.write(this.#me, id, text);
		this.#show();
		this.#stream.post(text, id).catch((error: unknown) => {
			this.#log.refuse(this.#me, id, wordsOf(error));
			this.#show();
		});
	}

	/** Null deletes. Rejects with what was refused. */
	async amend(id: string, text: string | null): Promise<void> {
		await this.#stream.amend(id, text);
	}

	/** Takes away what was refused for good. */
	drop(id: string): void {
		this.#log.forget(this.#me, id);
		this.#show();
	}

	typing(): void {
		if (Date.now() - this.#typedAt < typingEvery) return;
		this.#typedAt = Date.now();
		this.#stream.typing();
	}

	/** The reader has seen all that is here. */
	readAll(): void {
		const { lastSeq } = this.#log;
		if (lastSeq <= this.#read || this.#stream.state.kind !== "live") return;
		this.#read = lastSeq;
		this.#stream.read(lastSeq).then(
			() => void queries.invalidateQueries({ queryKey: ["conversations"] }),
			() => {
				this.#read = 0; // told again with the next look
			},
		);
	}

	/** Lets go of what lies far above, when the reader is at the end. */
	trim(): void {
		this.#log.trim();
		this.#show();
	}

	older(): Promise<void> {
		this.#loading ??= this.#loadOlder().finally(() => {
			this.#loading = null;
		});
		return this.#loading;
	}

	async #loadOlder(): Promise<void> {
		if (this.#log.firstSeq <= 1 || !Number.isFinite(this.#log.firstSeq)) return;
		const entries = await this.#stream.history(this.#log.firstSeq, page);
		for (const entry of entries) this.#log.take(entry);
		if (entries.length === 0) this.#log.firstSeq = 1;
		this.#show();
	}

	#listen(stream: Stream): void {
		stream.on("state", (state) => {
			const error = "error" in state && state.error ? { error: wordsOf(state.error) } : {};
			this.view.set({ ...this.view.get(), ...error, state: state.kind });
			if (state.kind === "live") this.#read = 0;
		});
		stream.on("reset", () => this.#log.clear());
		stream.on("ready", (ready) => this.#greeted(ready));
		stream.on("entry", (entry) => {
			this.#log.take(entry);
			this.#typingEnds(entry.from);
			this.#soon();
		});
		stream.on("presence", (message) => this.#set("presence", message.userId, message));
		stream.on("receipt", (receipt) => this.#receipt(receipt));
		stream.on("typing", (message) => this.#typing(message));
	}

	#greeted({ members, presence, reads }: ReadyMessage): void {
		this.view.set({
			...this.view.get(),
			members: new Map(members.map(({ id, name }) => [id, name])),
			presence: new Map(presence.map((one) => [one.userId, one])),
			reads: new Map(Object.entries(reads)),
			known: true,
		});
		this.#soon();
	}

	#receipt({ userId, seq, kind }: ReceiptMessage): void {
		const name = kind === "read" ? "reads" : "delivered";
		if (seq > (this.view.get()[name].get(userId) ?? 0)) this.#set(name, userId, seq);
	}

	#typing({ userId, until }: TypingMessage): void {
		if (userId === this.#me) return;
		const end = Date.parse(until);
		this.#set("typing", userId, end);
		setTimeout(() => this.#typingEnds(userId, end), Math.max(0, end - Date.now()));
	}

	/** Not if they went on writing meanwhile. */
	#typingEnds(userId: string, end?: number): void {
		const { typing } = this.view.get();
		const known = typing.get(userId);
		if (known === undefined || (end !== undefined && known !== end)) return;
		this.view.set({ ...this.view.get(), typing: new Map([...typing].filter(([id]) => id !== userId)) });
	}

	#set<Name extends "presence" | "reads" | "delivered" | "typing">(name: Name, userId: string, value: unknown): void {
		const view = this.view.get();
		this.view.set({ ...view, [name]: new Map<string, unknown>([...view[name], [userId, value]]) });
	}

	#soon(): void {
		this.#timer ??= setTimeout(() => {
			this.#deliver();
			this.#show();
		}, together);
	}

	/** Tells the writers that it has arrived here. */
	#deliver(): void {
		const last = this.#log.messages.findLast(({ seq }) => seq !== null);
		if (last && last.from !== this.#me && this.#stream.state.kind === "live") {
			this.#stream.delivered(this.#log.lastSeq).catch(() => undefined); // a courtesy: the next one says it again
		}
	}

	#show(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const { messages, firstSeq } = this.#log;
		this.view.set({ ...this.view.get(), messages, hasOlder: Number.isFinite(firstSeq) && firstSeq > 1 });
	}
}

import type { CountersMessage, ReadyMessage } from "../contracts/stream-messages.ts";
import type { Entry } from "../realtime/entry.ts";
import { fullJitter } from "./backoff.ts";
import { Connection, type Listener } from "./connection.ts";
import { Emitter } from "./emitter.ts";
import { EntryQueue } from "./entry-queue.ts";
import { type Refusal, SoukError, type SoukErrorCode } from "./errors.ts";
import { Outbox } from "./outbox.ts";
import { Position } from "./position.ts";
import type { Settings } from "./settings.ts";
import type { Token } from "./token.ts";
import type { FollowOptions, Posted, StreamEvents, StreamState } from "./types.ts";
import { whenLive } from "./when-live.ts";

/** A connection that stood this long was a good one: the next wait is short again. */
const goodMs = 5_000;
/** How long an owner that hands over may take before the client comes back, at most: spreads those who were told together. */
const movedJitterMs = 1_000;
/** Coming back will not change these. */
const final: readonly SoukErrorCode[] = ["NOT_FOUND", "FORBIDDEN", "STREAM_REQUIRED", "WRONG_STREAM", "VALIDATION"];
const refusedToken: readonly SoukErrorCode[] = ["UNAUTHORIZED", "TOKEN_EXPIRED"];

const randomId = (): string =>
	Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * One stream, followed until `close()`: through lost connections, servers that stop, and tokens that expire. Only entries move its position;
 * after any cut it goes on from there.
 */
export class Stream extends Emitter<StreamEvents> implements AsyncIterable<Entry> {
	readonly id: string;
	readonly #namespace: string;
	readonly #settings: Settings;
	readonly #token: Token;
	readonly #position: Position;
	readonly #outbox: Outbox;
	readonly #queues = new Set<EntryQueue>();
	readonly #gone: (stream: Stream) => void;
	#connection: Connection | undefined;
	#state: StreamState = { kind: "connecting" };
	#timer: ReturnType<typeof setTimeout> | undefined;
	#patience: ReturnType<typeof setTimeout> | undefined;
	#failures = 0;
	#liveSince = 0;
	#counters = -1;
	/** The token that the server refused last; undefined once one was taken. */
	#refused: string | undefined;

	/** Made by `SoukClient.follow`. */
	constructor(
		id: string,
		namespace: string,
		options: FollowOptions,
		settings: Settings,
		token: Token,
		gone: (stream: Stream) => void,
	) {
		super();
		this.id = id;
		this.#namespace = namespace;
		this.#settings = settings;
		this.#token = token;
		this.#gone = gone;
		this.#position = new Position(options);
		this.#outbox = new Outbox(settings.postsInFlight, () => this.#putOff());
		void this.#connect();
	}

	get state(): StreamState {
		return this.#state;
	}

	/** Posts that are not acknowledged yet. */
	get unacknowledged(): number {
		return this.#outbox.size;
	}

	/**
	 * Resolves when the text is durable. It is sent again, under its id, after every lost connection and every refusal that may pass; throws
	 * `SoukError` when it is refused for good, and with CLOSED if the stream is closed before.
	 * An `id` of one's own (1..64 of letters, digits and `._:-`) makes a repeat harmless also across restarts of the program.
	 */
	post(text: string, id: string = randomId()): Promise<Posted> {
		return this.#outbox.add<Posted>("post", { id, text } as { id: string });
	}

	/** Replaces the text of a message of one's own, `target` being its id; null deletes it. */
	amend(target: string, text: string | null, id: string = randomId()): Promise<{ seq: number }> {
		return this.#outbox.add<{ seq: number }>("amend", { id, target, text } as { id: string });
	}

	/** Only forward: an older seq changes nothing, and the answer tells where it stands. */
	read(seq: number): Promise<{ seq: number }> {
		return this.#ask("read", { seq });
	}

	delivered(seq: number): Promise<{ seq: number }> {
		return this.#ask("delivered", { seq });
	}

	/** The `limit` (1..200) entries just before `before`, ascending. */
	async history(before: number, limit = 50): Promise<Entry[]> {
		const { entries } = await this.#ask<{ entries: Entry[] }>("history", { before, limit });
		return entries;
	}

	/** Pages back from `before` to the first entry. */
	async *older(before: number, limit = 50): AsyncGenerator<Entry[]> {
		for (let page = await this.history(before, limit); page.length > 0; ) {
			yield page;
			const first = page[0]?.seq ?? 1;
			if (first <= 1) return;
			page = await this.history(first, limit);
		}
	}

	/** Tells the others that this user is writing; may be dropped. */
	typing(): void {
		if (this.#state.kind === "live") this.#connection?.hint("typing");
	}

	/** Entries from the position on. A slow reader holds the stream back, not the other way round. */
	[Symbol.asyncIterator](): AsyncIterableIterator<Entry> {
		const queue = new EntryQueue(
			() => this.#unpause(),
			(left) => {
				this.#queues.delete(left);
				this.#unpause();
			},
		);
		if (this.#state.kind === "closed") queue.end(this.#state.error);
		else this.#queues.add(queue);
		return queue;
	}

	/** Ends it for good; posts that are not acknowledged are refused with CLOSED. */
	close(): void {
		this.#close();
	}

	/** A token that replaces the one the connection came with. */
	async refresh(token: string): Promise<void> {
		if (this.#state.kind !== "live") return; // the next connection comes with it
		await this.#ask("refresh", { token });
	}

	async #connect(): Promise<void> {
		this.#setState({ kind: "connecting" });
		let token: string;
		try {
			token = await this.#token.get();
		} catch (error) {
			const detail = error instanceof Error ? error.message : String(error);
			this.#retry(new SoukError({ code: "UNAUTHORIZED", title: `No token: ${detail}`, retryable: true }));
			return;
		}
		if (this.#state.kind !== "connecting" || this.#connection) return;
		const target = { namespace: this.#namespace, stream: this.id, token, position: this.#position.ask() };
		this.#connection = new Connection(target, this.#settings, this.#listener(token));
	}

	#listener(token: string): Listener {
		return {
			ready: (message) => this.#ready(message),
			entries: (entries) => this.#entries(entries),
			presence: (message) => this.tell("presence", message),
			typing: (message) => this.tell("typing", message),
			receipt: (message) => this.tell("receipt", message),
			counters: (message) => this.#count(message),
			moved: () => this.#lost(undefined, this.#settings.random() * movedJitterMs),
			problem: (message) => {
				this.tell("problem", message);
				this.#refusedAs(message, message.title, token);
			},
			refused: (refusal, message) => this.#refusedAs(refusal, message, token),
			ended: () => this.#lost(),
		};
	}

	#ready(ready: ReadyMessage): void {
		this.#refused = undefined;
		this.#liveSince = Date.now();
		this.#position.greeted(ready);
		if (ready.reset) {
			this.#counters = -1;
			this.tell("reset", ready);
		}
		this.#setState({ kind: "live" });
		this.tell("ready", ready);
		if (ready.counters) this.#count(ready.counters);
		this.#outbox.open((event, message, answered) => this.#connection?.send(event, message, answered));
	}

	#entries(entries: readonly Entry[]): void {
		for (const entry of entries) {
			const step = this.#position.take(entry);
			if (step === "known") continue;
			if (step === "gap") {
				// The server promises that this cannot be; if it ever is, asking anew is better than showing a hole.
				this.#lost(new SoukError({ code: "INTERNAL", title: `entry ${entry.seq} came too early`, retryable: true }));
				return;
			}
			for (const queue of this.#queues) queue.push(entry);
			this.tell("entry", entry);
		}
		if (this.#isFull() && this.#state.kind === "live") {
			this.#drop();
			this.#setState({ kind: "paused" });
		}
	}

	#isFull(): boolean {
		return [...this.#queues].some(({ full }) => full);
	}

	#unpause(): void {
		if (this.#state.kind === "paused" && !this.#isFull()) void this.#connect();
	}

	#count(counters: CountersMessage): void {
		if (counters.version <= this.#counters) return;
		this.#counters = counters.version;
		this.tell("counters", counters);
	}

	#refusedAs(refusal: Refusal | undefined, title: string, token: string): void {
		const { code, retryable } = refusal ?? { code: "UNAVAILABLE" };
		const again = retryable ?? !final.includes(code);
		const error = new SoukError({ title, ...refusal, code, retryable: again });
		if (refusedToken.includes(code)) this.#refusedWith(error, token);
		else if (again) this.#lost(error);
		else this.#close(error);
	}

	/** Another token may do. If the one that replaces it is refused too, asking on would only be noise. */
	#refusedWith(error: SoukError, token: string): void {
		if (!this.#token.renewable || this.#refused !== undefined) {
			this.#close(error);
			return;
		}
		this.#refused = token;
		this.#drop();
		this.#token.renew(token).then(
			() => this.#lost(error),
			() => this.#lost(error),
		);
	}

	#lost(error?: SoukError, wait?: number): void {
		if (this.#state.kind === "closed" || this.#state.kind === "paused") return;
		if (this.#liveSince > 0 && Date.now() - this.#liveSince >= goodMs) this.#failures = 0;
		this.#drop();
		this.#retry(error, wait);
	}

	#retry(error?: SoukError, wait?: number): void {
		if (this.#state.kind === "closed") return;
		this.#failures += 1;
		const ms = wait ?? fullJitter(this.#failures, this.#settings.backoff, this.#settings.random);
		this.#setState({ kind: "waiting", retryAt: Date.now() + ms, ...(error && { error }) });
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#connect(), ms);
	}

	/** Whatever the connection still says is not for us any more. */
	#drop(): void {
		const connection = this.#connection;
		this.#connection = undefined;
		this.#liveSince = 0;
		clearTimeout(this.#patience);
		this.#outbox.cut();
		connection?.end();
	}

	#close(error?: SoukError): void {
		if (this.#state.kind === "closed") return;
		clearTimeout(this.#timer);
		this.#drop();
		this.#setState({ kind: "closed", ...(error && { error }) });
		this.#outbox.close(error ?? new SoukError({ code: "CLOSED", title: "The stream was closed" }));
		for (const queue of this.#queues) queue.end(error);
		this.#queues.clear();
		this.#gone(this);
	}

	/** A post was put off or not answered: the rest waits with it for a moment. */
	#putOff(): void {
		clearTimeout(this.#patience);
		this.#patience = setTimeout(() => this.#outbox.resume(), fullJitter(3, this.#settings.backoff, this.#settings.random));
	}

	async #ask<Answer>(event: string, message: object): Promise<Answer> {
		await whenLive(this, this.#settings.answerMs);
		const connection = this.#connection;
		return connection ? connection.ask(event, message) : this.#ask(event, message); // lost again in between
	}

	#setState(state: StreamState): void {
		this.#state = state;
		this.tell("state", state);
	}
}

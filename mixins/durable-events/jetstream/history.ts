import { clock } from "../../../config/clock.ts";
import type { BusRecord, OutboxSource } from "../bus.ts";
import type { StreamState, Streams } from "./streams.ts";

// Does the stream still have what it had? JetStream may ack before it has synced, and an operator may restore a backup: then
// events that were marked as published are gone. A checkpoint is a message that was seen at its place; while it is there, so is
// all before it, since a stream only ever loses its end (or everything).

/** What to look at anew: marked events of another stream, and those after `after` of this one. */
export interface Doubt {
	readonly stream: string;
	readonly after: number;
}

const storeEvery = 5_000;
const never = Number.NEGATIVE_INFINITY;

type Checkpoint = Required<Pick<BusRecord, "stream" | "seq" | "message">>;

const checkpointOf = (record: BusRecord | null): Checkpoint | null =>
	record?.stream !== undefined && record.seq !== undefined && record.message !== undefined
		? { stream: record.stream, seq: record.seq, message: record.message }
		: null;

/** The history of the stream as the sweeper of one collection knows it. */
export class History {
	readonly #streams: Streams;
	readonly #inbox: OutboxSource["records"]["inbox"];
	readonly #id: string;
	#checkpoint: Checkpoint | null = null;
	#storedAt = never;
	#lastSeq = 0;
	#doubted = true;
	#epoch = 0;

	constructor(streams: Streams, { collection, records }: OutboxSource) {
		this.#streams = streams;
		this.#inbox = records.inbox;
		this.#id = `checkpoint:${collection.name}`;
	}

	/** Something happened after which the stream may be another one: we reconnected, or a sequence went backwards. */
	doubt(): void {
		this.#doubted = true;
	}

	/**
	 * The lease is held under this epoch. What happened while somebody else had it, we do not know. Who lost it to a slow database
	 * and took it again, with nobody in between, has missed nothing: the connection and our sequence were watched all the time.
	 */
	term(epoch: number): void {
		if (epoch !== this.#epoch && epoch !== this.#epoch + 1) this.doubt();
		this.#epoch = epoch;
	}

	/** Null while all is as it was. */
	async check(): Promise<{ state: StreamState; doubt: Doubt | null }> {
		const state = await this.#streams.look();
		const shrunk = state.lastSeq < this.#lastSeq;
		this.#lastSeq = state.lastSeq;
		this.#checkpoint ??= checkpointOf(await this.#inbox.findById(this.#id));
		const known = this.#checkpoint;
		if (!known || known.stream !== state.id || known.seq > state.lastSeq) return { state, doubt: { stream: state.id, after: 0 } };
		if (!this.#doubted && !shrunk) return { state, doubt: null };
		return { state, doubt: { stream: state.id, after: (await this.#stands(known, state)) ? known.seq : 0 } };
	}

	/** All that was doubted has been looked at, as of `state`. */
	async settle(state: StreamState): Promise<void> {
		this.#doubted = false;
		const known = this.#checkpoint;
		const same = known?.stream === state.id;
		if (same && (known.seq === state.lastSeq || clock.now() - this.#storedAt < storeEvery)) return;
		const message = state.lastSeq > 0 ? await this.#streams.messageIdAt(state.lastSeq) : "";
		if (message === null) return; // expired or deleted: the next round finds a younger one
		await this.#store({ stream: state.id, seq: state.lastSeq, message });
	}

	async #stands({ seq, message }: Checkpoint, { firstSeq }: StreamState): Promise<boolean> {
		if (seq === 0) return true;
		if (seq < firstSeq) return false;
		return (await this.#streams.messageIdAt(seq)) === message;
	}

	async #store(checkpoint: Checkpoint): Promise<void> {
		const record: BusRecord = { _id: this.#id, state: "checkpoint", ...checkpoint };
		const { created } = await this.#inbox.create(record);
		if (!created) await this.#inbox.update({ _id: this.#id }, { $set: { ...checkpoint } });
		this.#checkpoint = checkpoint;
		this.#storedAt = clock.now();
	}
}

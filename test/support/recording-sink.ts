import type { ReadyMessage } from "../../contracts/stream-messages.ts";
import type { Entry } from "../../realtime/entry.ts";
import type { Attached } from "../../realtime/follower.ts";
import type { Encoder, EndReason, Sink } from "../../realtime/ports.ts";

export interface TestFrame {
	event: string;
	payload: unknown;
	bytes: number;
}

/** Counts what was encoded. */
export class JsonEncoder implements Encoder<TestFrame> {
	encoded = 0;

	encode(event: string, payload: unknown): TestFrame {
		this.encoded += 1;
		return { event, payload, bytes: JSON.stringify(payload).length };
	}
}

/** A connection that keeps what it was sent. While `slow`, nothing leaves its queue. */
export class RecordingSink implements Sink<TestFrame> {
	readonly frames: TestFrame[] = [];
	handle: Attached | null = null;
	slow = false;
	broken = false;
	paused = false;
	ended: EndReason | null = null;
	queued = 0;

	write(frame: TestFrame): void {
		if (this.broken) throw new Error("the sink is broken");
		if (this.ended) throw new Error("written after the end");
		this.frames.push(frame);
		this.queue(frame.bytes);
	}

	/** Bytes of anything else: an ack, an answer. */
	queue(bytes: number): void {
		if (this.slow) this.queued += bytes;
	}

	pause(): void {
		this.paused = true;
	}

	resume(): void {
		this.paused = false;
	}

	end(why: EndReason): void {
		this.ended = why;
	}

	drain(): void {
		this.queued = 0;
		this.handle?.drained();
	}

	of(event: string): unknown[] {
		return this.frames.filter((frame) => frame.event === event).map(({ payload }) => payload);
	}

	get ready(): ReadyMessage {
		return this.of("ready")[0] as ReadyMessage;
	}

	get entries(): Entry[] {
		return (this.of("entries") as Entry[][]).flat();
	}

	get seqs(): number[] {
		return this.entries.map(({ seq }) => seq);
	}
}

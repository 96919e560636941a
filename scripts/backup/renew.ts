import type { OutboxEvent } from "../../mixins/durable-events/port.ts";
import type { SequenceDocument } from "../../mixins/sequence/sequence.ts";
import type { Document } from "../../mixins/store/port.ts";

// What becomes of a document on its way out of a backup.

type Kept = Document & { outbox?: OutboxEvent[]; outboxAt?: number };

export interface Renewal {
	/** Epoch ms. */
	now: number;
	/** Events are published on JetStream, not in the process. */
	withBus: boolean;
	/** By how much counters go ahead: numbers that were given out after the backup must not be given to somebody else. */
	skipCodes: number;
}

/** Whoever handled it may have forgotten it, so all of it goes out again; a group that has not forgotten takes no notice. */
const toldAgain = (document: Kept, { now, withBus }: Renewal): Kept => {
	const outbox = (document.outbox ?? []).map(({ published: _mark, ...event }): OutboxEvent => {
		if (!withBus) return event;
		// As if on a stream that is gone: the sweeper publishes it under a message id that JetStream has not seen yet.
		return { ...event, published: { at: now, seq: 0, stream: "restored" } };
	});
	return { ...document, outbox, outboxAt: now };
};

const skipping = (counter: SequenceDocument, numbers: number): SequenceDocument => ({
	...counter,
	n: counter.n + numbers,
	// By their place they would have other numbers now.
	recent: [],
});

/** Null: it stays behind. */
export const renewed = (collection: string, document: Kept, renewal: Renewal): Document | null => {
	// Where JetStream was says nothing about where it is now.
	if (collection.endsWith("_inbox") && document._id.startsWith("checkpoint:")) return null;
	if (collection === "counters") {
		const counter = document as unknown as SequenceDocument; // the only kind there
		return renewal.skipCodes > 0 ? skipping(counter, renewal.skipCodes) : document;
	}
	return document.outbox?.length ? toldAgain(document, renewal) : document;
};

/** What a process keeps in its database instead of on a bus, and a cluster would not look for there. */
export const waitsInProcess = (collection: string, document: object): boolean =>
	collection.endsWith("_inbox") && "state" in document && (document.state === "waiting" || "letter" in document);

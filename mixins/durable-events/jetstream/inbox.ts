import { clock } from "../../../config/clock.ts";
import type { Collection } from "../../store/port.ts";
import { type BusRecord, recordId } from "../bus.ts";
import { MicroBatch } from "../micro-batch.ts";
import type { GroupPolicy } from "../port.ts";
import { fixed } from "../settings.ts";

type Outcome = "done" | "dead";

interface Written {
	record: BusRecord;
	/** The event was a dead letter before: its record is there and changes. */
	known: boolean;
}

/** What a group has behind it, by event id. Look-ups of one fetch are one query, records that are due together one write. */
export class Inbox {
	readonly #policy: GroupPolicy;
	readonly #lookups: MicroBatch<string, Outcome | null>;
	readonly #writes: MicroBatch<Written, undefined>;

	constructor(policy: GroupPolicy, inbox: Collection<BusRecord>) {
		this.#policy = policy;
		this.#lookups = new MicroBatch({ gatherMs: 0, flush: (ids) => lookUp(inbox, ids) });
		this.#writes = new MicroBatch({ gatherMs: fixed.gatherMs / 2, flush: (items) => write(inbox, items) });
	}

	outcome(eventId: string): Promise<Outcome | null> {
		return this.#lookups.add(recordId(this.#policy.group, eventId));
	}

	/** Resolves when it is stored. Repeating it is harmless. */
	record(eventId: string, state: Outcome, known: boolean): Promise<void> {
		const expiresAt = clock.now() + this.#policy.dedupeMs;
		return this.#writes.add({ record: { _id: recordId(this.#policy.group, eventId), state, expiresAt }, known });
	}

	async drain(): Promise<void> {
		await this.#writes.drain();
	}
}

const lookUp = async (inbox: Collection<BusRecord>, ids: readonly string[]): Promise<(Outcome | null)[]> => {
	const found = new Map((await inbox.findByIds([...new Set(ids)])).map(({ _id, state }) => [_id, state]));
	return ids.map((id) => {
		const state = found.get(id);
		return state === "done" || state === "dead" ? state : null;
	});
};

const write = async (inbox: Collection<BusRecord>, items: readonly Written[]): Promise<undefined[]> => {
	const fresh = items.filter(({ known }) => !known).map(({ record }) => record);
	const changed = items
		.filter(({ known }) => known)
		.map(({ record: { _id, ...fields } }) => ({ where: { _id }, update: { $set: fields } }));
	if (fresh.length > 0) await inbox.createMany(fresh);
	if (changed.length > 0) await inbox.updateMany(changed);
	return items.map(() => undefined);
};

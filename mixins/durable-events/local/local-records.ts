import { clock } from "../../../config/clock.ts";
import type { DomainEvent } from "../../../contracts/events.ts";
import type { Collection } from "../../store/port.ts";
import { type BusRecord, recordId } from "../bus.ts";
import { MicroBatch } from "../micro-batch.ts";
import type { DeadLetter, GroupPolicy } from "../port.ts";
import { fixed } from "../settings.ts";

/** A try that is due. */
export interface Waiting {
	tries: number;
	firstAt: string;
	dueAt: number;
	error?: string;
	/** Only for what has left its outbox. */
	event?: DomainEvent;
}

interface MaybeDone {
	eventId: string;
	needed: () => boolean;
}

/** What a record may have from its earlier states. */
const fleeting = ["letter", "deadAt", "event", "dueAt", "error", "expiresAt"] as const;

/** What one group has behind it and before it: the collection is that of the service which the group belongs to. */
export class LocalRecords {
	readonly #policy: GroupPolicy;
	readonly #inbox: Collection<BusRecord>;
	readonly #done: MicroBatch<MaybeDone, undefined>;

	constructor(policy: GroupPolicy, inbox: Collection<BusRecord>) {
		this.#policy = policy;
		this.#inbox = inbox;
		this.#done = new MicroBatch<MaybeDone, undefined>({
			gatherMs: fixed.leaveMs,
			flush: async (items) => {
				const ids = items.filter(({ needed }) => needed()).map(({ eventId }) => eventId);
				if (ids.length > 0) await this.#inbox.createMany(ids.map((id) => this.#record(id, "done")));
				return items.map(() => undefined);
			},
		});
	}

	async find(eventIds: readonly string[]): Promise<Map<string, BusRecord>> {
		const records = await this.#inbox.findByIds(eventIds.map((id) => recordId(this.#policy.group, id)));
		return new Map(records.map((record) => [record._id.slice(this.#policy.group.length + 1), record]));
	}

	/** Dead letters that were handed over again, and not handled since. */
	async findRetried(): Promise<BusRecord[]> {
		const waiting = await this.#inbox.find({ where: { dueAt: { $gte: 0 } } });
		return waiting.filter(({ _id, event }) => event && _id.startsWith(recordId(this.#policy.group, "")));
	}

	/** If nobody asks for it any more when the batch leaves (the event is gone from its outbox), it is saved. */
	doneSoon(eventId: string, needed: () => boolean): Promise<void> {
		return this.#done.add({ eventId, needed });
	}

	async done(eventId: string): Promise<void> {
		await this.#put(this.#record(eventId, "done"));
	}

	async waiting(eventId: string, waiting: Waiting): Promise<void> {
		const { expiresAt, ...record } = this.#record(eventId, "waiting");
		// One that has left its outbox lives here alone.
		await this.#put({ ...record, ...(waiting.event || expiresAt === undefined ? {} : { expiresAt }), ...waiting });
	}

	/** The dead letter and the end of the event for this group are one write. */
	async dead(eventId: string, letter: Omit<DeadLetter, "id">, deadAt: number): Promise<void> {
		await this.#put({ ...this.#record(eventId, "dead"), letter, deadAt });
	}

	/** Who stops waits for it. */
	hurry(): void {
		this.#done.hurry();
	}

	drain(): Promise<void> {
		return this.#done.drain();
	}

	#record(eventId: string, state: BusRecord["state"]): BusRecord {
		// A dead letter stays until somebody has looked at it.
		const expires = state === "dead" ? {} : { expiresAt: clock.now() + this.#policy.dedupeMs };
		return { _id: recordId(this.#policy.group, eventId), state, ...expires };
	}

	async #put(record: BusRecord): Promise<void> {
		const { created } = await this.#inbox.create(record);
		if (created) return;
		const { _id, ...fields } = record;
		const unset = Object.fromEntries(fleeting.filter((name) => !(name in fields)).map((name) => [name, true as const]));
		await this.#inbox.update({ _id }, { $set: fields, $unset: unset });
	}
}

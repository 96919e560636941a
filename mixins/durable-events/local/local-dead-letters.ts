import { clock } from "../../../config/clock.ts";
import type { DomainEvent } from "../../../contracts/events.ts";
import type { Collection } from "../../store/port.ts";
import type { BusRecord } from "../bus.ts";
import type { DeadLetter, DeadLetters } from "../port.ts";

type ListOptions = Parameters<DeadLetters["list"]>[0];

/** A letter is taken off the list, in the same write that decides what becomes of it. */
interface Taken {
	inbox: Collection<BusRecord>;
	letter: Omit<DeadLetter, "id">;
}

const letterOf = ({ _id, letter }: BusRecord): DeadLetter[] => (letter ? [{ id: _id, ...letter }] : []);

const keepDropped = 14 * 86_400_000;
const newest = [["deadAt", -1]] as const;

/** The dead letters of all groups of this process: records of the services' own inboxes. */
export class LocalDeadLetters implements DeadLetters {
	readonly #inboxes: () => Iterable<Collection<BusRecord>>;
	readonly #deliver: (record: BusRecord) => void;

	constructor(inboxes: () => Iterable<Collection<BusRecord>>, deliver: (record: BusRecord) => void) {
		this.#inboxes = inboxes;
		this.#deliver = deliver;
	}

	async list({ group, limit, cursor }: ListOptions): Promise<{ items: DeadLetter[]; nextCursor: string | null }> {
		const before = Number(cursor ?? Number.MAX_SAFE_INTEGER);
		const where = {
			deadAt: { $gte: 0, $lt: Number.isFinite(before) ? before : Number.MAX_SAFE_INTEGER },
			...(group === undefined ? {} : { "letter.group": group }),
		};
		const found = await Promise.all([...this.#inboxes()].map((inbox) => inbox.find({ where, sort: newest, limit: limit + 1 })));
		const records = found.flat().sort((a, b) => (b.deadAt ?? 0) - (a.deadAt ?? 0));
		const page = records.slice(0, limit);
		return {
			items: page.flatMap(letterOf),
			nextCursor: records.length > limit ? String(page.at(-1)?.deadAt) : null,
		};
	}

	async get(id: string): Promise<DeadLetter | null> {
		for (const inbox of this.#inboxes()) {
			const [letter] = letterOf((await inbox.findById(id)) ?? { _id: id, state: "dead" });
			if (letter) return letter;
		}
		return null;
	}

	async retry(id: string): Promise<boolean> {
		const taken = await this.#find(id);
		if (!taken) return false;
		const event = taken.letter.event as DomainEvent; // written by LocalGroup, which only knows events
		const waiting = { state: "waiting", event, tries: 0, dueAt: clock.now() } as const;
		const record = await taken.inbox.update(
			{ _id: id, deadAt: { $gte: 0 } },
			{ $set: waiting, $unset: { letter: true, deadAt: true } },
		);
		if (record) this.#deliver(record);
		return record !== null;
	}

	/** The record stays, so that a repeat of the event is still known for what it is. */
	async drop(id: string): Promise<boolean> {
		const taken = await this.#find(id);
		const expiresAt = clock.now() + keepDropped;
		const update = { $set: { expiresAt }, $unset: { letter: true, deadAt: true } } as const;
		const gone = await taken?.inbox.update({ _id: id, deadAt: { $gte: 0 } }, update);
		return gone !== null && gone !== undefined;
	}

	async oldest(): Promise<number | null> {
		const all = await this.#oldest(Number.MAX_SAFE_INTEGER, 1);
		return all[0]?.deadAt ?? null;
	}

	async dropBefore(before: number, limit: number): Promise<number> {
		const found = await this.#oldest(before, limit);
		for (const { _id } of found) await this.drop(_id);
		return found.length;
	}

	async #oldest(before: number, limit: number): Promise<BusRecord[]> {
		const where = { deadAt: { $gte: 0, $lte: before } };
		const found = await Promise.all([...this.#inboxes()].map((inbox) => inbox.find({ where, sort: [["deadAt", 1]], limit })));
		return found
			.flat()
			.sort((a, b) => (a.deadAt ?? 0) - (b.deadAt ?? 0))
			.slice(0, limit);
	}

	async #find(id: string): Promise<Taken | null> {
		for (const inbox of this.#inboxes()) {
			const record = await inbox.findById(id);
			if (record?.letter) return { inbox, letter: record.letter };
		}
		return null;
	}
}

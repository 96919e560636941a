import type { DomainEvent } from "../../../contracts/events.ts";
import { withoutPeople } from "../../../contracts/personal-data.ts";
import type { Collection, Update } from "../../store/port.ts";
import type { BusRecord } from "../bus.ts";

// What is kept of events beside their outboxes: those that nobody could handle, and those that are to be tried again. A second run finds
// nothing left to do.

type Gone = ReadonlySet<string>;

const pageSize = 100;

/** A record by itself stays: the event may come again. */
const changeOf = (record: BusRecord, gone: Gone, expiresAt: number): Update | null => {
	const event = (record.letter?.event ?? record.event) as DomainEvent | undefined; // written by LocalGroup, which only knows events
	const left = event && withoutPeople(event, gone);
	if (!event || left === event) return null;
	if (left !== null) return { $set: record.letter ? { "letter.event": left } : { event: left } };
	const over = { expiresAt, state: record.letter ? "dead" : "done" } as const;
	return { $set: over, $unset: { letter: true, event: true, deadAt: true, dueAt: true, error: true } };
};

async function* pagesBy(inbox: Collection<BusRecord>, field: "deadAt" | "dueAt"): AsyncGenerator<BusRecord[]> {
	for (let skip = 0; ; ) {
		const page = await inbox.find({ where: { [field]: { $gte: 0 } }, sort: [[field, 1]], limit: pageSize, skip });
		yield page;
		if (page.length < pageSize) return;
		const left = await inbox.findByIds(page.map(({ _id }) => _id));
		skip += left.filter((record) => record[field] !== undefined).length;
	}
}

/** Answers how many records there were. */
export const forgetInRecords = async (inbox: Collection<BusRecord>, gone: Gone, expiresAt: number): Promise<number> => {
	let count = 0;
	for (const field of ["deadAt", "dueAt"] as const) {
		for await (const page of pagesBy(inbox, field)) {
			for (const record of page) {
				const update = changeOf(record, gone, expiresAt);
				if (!update) continue;
				await inbox.update({ _id: record._id, state: record.state }, update);
				count += 1;
			}
		}
	}
	return count;
};

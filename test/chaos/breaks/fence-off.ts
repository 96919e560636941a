import { MongoCollection } from "../../../mixins/store/mongo-collection.ts";
import type { StreamRow } from "../../../mixins/stream-log/stream-row.ts";
import { patch } from "./patch.ts";

const isEntry = (row: Partial<StreamRow> | undefined): boolean => row?.stream !== undefined && row.seq !== undefined;

// The log takes a second entry under a seq that is taken: the later of two owners wins.
patch(MongoCollection, "insertInOrder", (insertInOrder) => {
	return async function (rows: readonly StreamRow[]) {
		let stored: number = await insertInOrder.call(this, rows);
		const next = rows[stored];
		if (!next || !isEntry(next)) return stored;
		const there: StreamRow | null = await this.findById(next._id);
		// A repeat of a post is another matter, which the key of its id decides.
		const repeat = await this.findOne({ stream: next.stream, from: next.from, id: next.id });
		if (!there || repeat) return stored;
		const { _id, id, type, from, body, at } = next;
		await this.updateMany([{ where: { _id }, update: { $set: { id, type, from, body, at } } }]);
		stored += 1;
		return stored;
	};
});

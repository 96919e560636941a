import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import {
	mark,
	type OutboxUpdate,
	postpone,
	takeOut,
	takeOutAll,
	takeOutSome,
} from "../../../mixins/durable-events/outbox-updates.ts";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import { createEntity } from "../../../mixins/store/versioned.ts";
import { bothStores } from "../../support/both-stores.ts";
import { drafts, type Note, noteSpec, touch } from "../../support/event-node.ts";

bothStores("durable events: updates of outboxes", (profileOf) => {
	let store: Store<{ notes: Note }>;
	before(async () => {
		store = await openStore<{ notes: Note }>({ collections: { notes: { ...noteSpec } }, profile: profileOf() });
	});
	after(() => store?.close());

	/** An entity with two events, as a sweeper has read it. */
	const read = async (): Promise<Note & { outbox: NonNullable<Note["outbox"]> }> => {
		const { entity } = await createEntity<Note>(store.notes, { _id: newId() }, drafts(2), { at: 1_000 });
		return { ...entity, outbox: entity.outbox ?? [] };
	};
	const ids = ({ outbox }: { outbox: NonNullable<Note["outbox"]> }): string[] => outbox.map(({ id }) => id);
	const apply = (update: OutboxUpdate): Promise<number> => store.notes.updateMany([update]);
	const seen = async ({ _id }: Note): Promise<{ ids: string[]; due: boolean }> => {
		const note = await store.notes.findById(_id);
		return { ids: (note?.outbox ?? []).map(({ id }) => id), due: note?.outboxAt !== undefined };
	};

	it("what was read is taken out, and the sweeper need not come again", async () => {
		const note = await read();
		assert.equal(await apply(takeOut(note, ids(note), null)), 1);
		assert.deepEqual(await seen(note), { ids: [], due: false });
		assert.equal((await store.notes.findById(note._id))?.version, 1);
	});

	for (const [what, update] of [
		["taking out", (note: Note) => takeOut(note, [note.outbox?.[0]?.id ?? ""], null)],
		[
			"taking out all",
			(note: Note) =>
				takeOut(
					note,
					(note.outbox ?? []).map(({ id }) => id),
					null,
				),
		],
		["postponing", (note: Note) => postpone(note, 9_000_000)],
	] as const) {
		it(`${what} does nothing when an event was added since the read`, async () => {
			const note = await read();
			const [added = ""] = await touch(store.notes, note._id);
			assert.equal(await apply(update(note)), 0);
			assert.deepEqual(await seen(note), { ids: [...ids(note), added], due: true });
			assert.notEqual((await store.notes.findById(note._id))?.outboxAt, 9_000_000);
		});

		it(`${what} does nothing when another sweeper took one out and an event was added, so that there are as many as before`, async () => {
			const note = await read();
			const [first = "", second = ""] = ids(note);
			await apply(takeOutSome(note._id, [first]));
			const [added = ""] = await touch(store.notes, note._id);
			assert.equal(await apply(update(note)), 0);
			assert.deepEqual(await seen(note), { ids: [second, added], due: true });
		});
	}

	it("all of it goes only if there is nothing else; some of it goes in any case, and the sweep stays due", async () => {
		const note = await read();
		const [first = "", second = ""] = ids(note);
		assert.equal(await apply(takeOutAll(note._id, [second])), 0);
		assert.equal(await apply(takeOutSome(note._id, [second])), 1);
		assert.deepEqual(await seen(note), { ids: [first], due: true });
		assert.equal(await apply(takeOutAll(note._id, [first, second])), 0);
		assert.equal(await apply(takeOutAll(note._id, [first])), 1);
		assert.deepEqual(await seen(note), { ids: [], due: false });
		assert.equal(await apply(takeOutAll(note._id, [first])), 0);
	});

	it("a mark is put on its own event", async () => {
		const note = await read();
		const [, second = ""] = ids(note);
		await apply(mark(note._id, second, { at: 5, seq: 7, stream: "S@1" }));
		const marked = await store.notes.findById(note._id);
		assert.deepEqual(
			marked?.outbox?.map(({ published }) => published),
			[undefined, { at: 5, seq: 7, stream: "S@1" }],
		);
	});
});

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { EventDraft } from "../../../contracts/events.ts";
import { StoreUnavailable, WriteUncertain } from "../../../mixins/store/errors.ts";
import { openStore, type Store, type StoreCollection } from "../../../mixins/store/store.ts";
import { Contended, createEntity, type Entity, mutate, outboxIndex } from "../../../mixins/store/versioned.ts";
import { bothStores } from "../../support/both-stores.ts";

interface Counter extends Entity {
	n: number;
	log?: string[];
	note?: string;
}

const at = Date.UTC(2026, 0, 1, 12);
const iso = "2026-01-01T12:00:00.000Z";
const deleted = (userId: string): EventDraft => ({ type: "user.deleted", subject: userId, data: { userId } });

bothStores("store: entities", (profileOf) => {
	let store: Store<{ counters: Counter }>;
	let counters: StoreCollection<Counter>;
	const told: [collection: string, id: string, events: string[]][] = [];

	before(async () => {
		const profile = { ...profileOf(), outboxGrace: 4_000 };
		store = await openStore<{ counters: Counter }>({
			collections: { counters: { indexes: [outboxIndex] } },
			profile,
			source: "/souk/test",
		});
		counters = store.counters;
		store.onEvents = (collection, id, events) => {
			told.push([collection, id, events.map((event) => event.id)]);
		};
	});
	beforeEach(() => told.splice(0));
	after(() => store?.close());

	const made = async (events: EventDraft[] = []): Promise<string> => {
		const _id = randomUUID();
		await createEntity(counters, { _id, n: 0 }, events, { at });
		told.splice(0);
		return _id;
	};

	it("a new entity has version 1 and its events in the same document", async () => {
		const _id = randomUUID();
		const cause = { at, requestid: "r1", traceparent: "00-1-2-00" };
		const { created, entity } = await createEntity(counters, { _id, n: 7 }, [deleted("a"), deleted("b")], cause);
		assert.equal(created, true);
		assert.deepEqual(entity, await counters.findById(_id));
		assert.equal(entity.version, 1);
		assert.equal(entity.updatedAt, iso);
		assert.equal(entity.outboxAt, at + 4_000);
		assert.deepEqual(entity.outbox?.[1], {
			specversion: "1.0",
			id: `counters.${_id}.1.1`,
			source: "/souk/test",
			type: "user.deleted",
			subject: "b",
			time: iso,
			data: { userId: "b" },
			requestid: "r1",
			traceparent: "00-1-2-00",
		});
		assert.deepEqual(told, [["counters", _id, [`counters.${_id}.1.0`, `counters.${_id}.1.1`]]]);
	});

	it("a repeat of a creation answers what is stored and tells nobody", async () => {
		const _id = await made([deleted("a")]);
		const { created, entity } = await createEntity(counters, { _id, n: 9 }, [deleted("z")], { at });
		assert.equal(created, false);
		assert.equal(entity.n, 0);
		assert.deepEqual(told, []);
	});

	it("an entity without events has nothing for a sweeper", async () => {
		const stored = await counters.findById(await made());
		assert.equal(stored && "outbox" in stored, false);
		assert.equal(stored && "outboxAt" in stored, false);
	});

	it("a change carries its version, its time and its events in one write", async () => {
		const _id = await made();
		const change = { set: { note: "x" }, inc: { n: 2 }, push: { log: "first" }, events: [deleted("a")] };
		const result = await mutate(counters, _id, () => change, { at: at + 1_000 });
		assert.equal(result?.changed, true);
		const stored = await counters.findById(_id);
		assert.deepEqual(result?.entity, stored);
		assert.equal(stored?.version, 2);
		assert.equal(stored?.updatedAt, "2026-01-01T12:00:01.000Z");
		assert.deepEqual([stored?.n, stored?.note, stored?.log], [2, "x", ["first"]]);
		assert.deepEqual(stored?.outbox?.map(({ id }) => id), [`counters.${_id}.2.0`]); // biome-ignore format: one line
		assert.equal(stored?.outboxAt, at + 5_000);
		assert.deepEqual(result?.events, stored?.outbox);
		assert.deepEqual(told, [["counters", _id, [`counters.${_id}.2.0`]]]);
	});

	it("all of a change's operators reach the document", async () => {
		const _id = await made();
		await mutate(counters, _id, () => ({ set: { note: "x", "deep.list": ["a", "b"] }, push: { log: { $each: ["1", "2"] } } }), {
			at,
		});
		await mutate(counters, _id, () => ({ unset: ["note"], pull: { log: "1" }, addToSet: { "deep.list": "c" } }), { at });
		const { note, log, deep } = (await counters.findById(_id)) as Counter & { deep: unknown };
		assert.deepEqual([note, log, deep], [undefined, ["2"], { list: ["a", "b", "c"] }]);
	});

	it("a younger event does not put off the sweep that an older one waits for", async () => {
		const _id = await made([deleted("a")]);
		await mutate(counters, _id, () => ({ events: [deleted("b")] }), { at: at + 60_000 });
		assert.equal((await counters.findById(_id))?.outboxAt, at + 4_000);
	});

	it("a change without events leaves the outbox alone", async () => {
		const _id = await made([deleted("a")]);
		const before = await counters.findById(_id);
		await mutate(counters, _id, () => ({ inc: { n: 1 } }), { at: at + 60_000 });
		const after = await counters.findById(_id);
		assert.deepEqual([after?.outbox, after?.outboxAt], [before?.outbox, before?.outboxAt]);
		assert.deepEqual(told, []);
	});

	it("nothing to change writes nothing, and nobody to change is null", async () => {
		const _id = await made();
		const result = await mutate(counters, _id, () => null, { at });
		assert.deepEqual([result?.changed, result?.entity.version, result?.events], [false, 1, []]);
		assert.equal(await mutate(counters, "nobody", () => ({ inc: { n: 1 } }), { at }), null);
	});

	it("a refusal of the domain comes out as it is, and nothing is written", async () => {
		const _id = await made();
		const refusal = new Error("not in this state");
		const refuse = (): never => {
			throw refusal;
		};
		await assert.rejects(mutate(counters, _id, refuse, { at }), (error) => error === refusal);
		assert.equal((await counters.findById(_id))?.version, 1);
	});

	it("of many changes at once none is lost, and each was decided on what it changes", async () => {
		const _id = await made();
		const count = 25;
		await Promise.all(
			Array.from({ length: count }, () =>
				mutate(counters, _id, ({ n }) => ({ set: { n: n + 1 }, events: [deleted(String(n))] }), { at }),
			),
		);
		const stored = await counters.findById(_id);
		assert.equal(stored?.n, count);
		assert.equal(stored?.version, count + 1);
		const ids = stored?.outbox?.map(({ id }) => id) ?? [];
		assert.equal(new Set(ids).size, count);
		assert.equal(told.length, count);
	});

	it("two processes' changes race for the version, and the loser decides again", async () => {
		const _id = await made();
		let rounds = 0;
		const result = await mutate(
			racing(counters, async (round) => {
				if (round <= 3) await counters.update({ _id }, { $inc: { version: 1, n: 100 } });
			}),
			_id,
			({ n }) => {
				rounds += 1;
				return { set: { n: n + 1 } };
			},
			{ at },
		);
		assert.equal(rounds, 4);
		assert.equal(result?.entity.n, 301);
		assert.equal(result?.entity.version, 5);
	});

	it("who loses again and again gives up, and has written nothing", async () => {
		const _id = await made();
		const busy = racing(counters, async () => {
			await counters.update({ _id }, { $inc: { version: 1 } });
		});
		await assert.rejects(
			mutate(busy, _id, () => ({ set: { n: 1 } }), { at }),
			(error) => error instanceof Contended && error.id === _id && error.collection === "counters",
		);
		assert.equal((await counters.findById(_id))?.n, 0);
	});

	it("a change that failed does not keep the next one waiting", async () => {
		const _id = await made();
		const failing = mutate(counters, _id, () => ({ inc: { version: 1 }, set: { _id: "x" } }), { at });
		const next = mutate(counters, _id, () => ({ inc: { n: 1 } }), { at });
		await assert.rejects(failing);
		assert.equal((await next)?.entity.n, 1);
	});

	it("when neither the answer nor a read comes through, the outcome stays uncertain", async () => {
		const _id = await made();
		let reads = 0;
		const cut = {
			name: counters.name,
			outbox: counters.outbox,
			findById: async (id: string) => {
				reads += 1;
				if (reads > 1) throw new StoreUnavailable("away");
				return counters.findById(id);
			},
			update: async (...args: Parameters<typeof counters.update>) => {
				await counters.update(...args);
				throw new WriteUncertain("the answer was lost");
			},
		} as unknown as typeof counters; // all that mutate asks for
		await assert.rejects(
			mutate(cut, _id, () => ({ inc: { n: 1 } }), { at }),
			WriteUncertain,
		);
		assert.ok(reads > 2);
	});

	it("after an uncertain write, a store that is away does not turn it into 'nothing was written'", async () => {
		const _id = await made();
		let writes = 0;
		const cut = {
			name: counters.name,
			outbox: counters.outbox,
			findById: (id: string) => counters.findById(id),
			update: async () => {
				writes += 1;
				throw writes === 1 ? new WriteUncertain("the answer was lost") : new StoreUnavailable("away");
			},
		} as unknown as typeof counters; // all that mutate asks for
		await assert.rejects(
			mutate(cut, _id, () => ({ inc: { n: 1 } }), { at }),
			WriteUncertain,
		);
	});

	it("book-keeping on the outbox leaves the version alone and empties the sweeper's index", async () => {
		const _id = await made([deleted("a"), deleted("b")]);
		const due = { outboxAt: { $lte: at + 4_000 } };
		assert.ok((await counters.find({ where: due, sort: [["outboxAt", 1]] })).some((found) => found._id === _id));
		await counters.update(
			{ _id, "outbox.id": `counters.${_id}.1.0` },
			{ $set: { "outbox.$.published": { at, seq: 1, stream: "s" } } },
		);
		const marked = await counters.findById(_id);
		assert.deepEqual(marked?.outbox?.map(({ published }) => published?.seq), [1, undefined]); // biome-ignore format: one line
		await counters.update(
			{ _id },
			{ $pull: { outbox: { id: { $in: [0, 1].map((n) => `counters.${_id}.1.${n}`) } } }, $unset: { outboxAt: true } },
		);
		const emptied = await counters.findById(_id);
		assert.deepEqual([emptied?.version, emptied?.outbox], [1, []]);
		assert.equal((await counters.find({ where: { ...due, _id } })).length, 0);
	});
});

/** What mutate needs of a collection, with somebody else at work right before each of its writes. */
const racing = (counters: StoreCollection<Counter>, before: (round: number) => Promise<void>): StoreCollection<Counter> => {
	let round = 0;
	return {
		name: counters.name,
		outbox: { ...counters.outbox },
		findById: (id: string) => counters.findById(id),
		update: async (...args: Parameters<typeof counters.update>) => {
			round += 1;
			await before(round);
			return counters.update(...args);
		},
	} as unknown as StoreCollection<Counter>; // all that mutate asks for
};

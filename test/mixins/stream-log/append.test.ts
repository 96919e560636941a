import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import { StoreUnavailable, WriteUncertain } from "../../../mixins/store/errors.ts";
import { StoreStreamLog } from "../../../mixins/stream-log/stream-log.ts";
import { rowId } from "../../../mixins/stream-log/stream-row.ts";
import { type Appended, type Draft, LogUnavailable, LogUncertain } from "../../../realtime/log.ts";
import { aDraft, type LogStore, openLogStore, type Rows, withInsert } from "../../support/a-stream-log.ts";
import { bothStores } from "../../support/both-stores.ts";

const size = 4;
const positions = [undefined, 0, 1, 2, 3] as const;
/** What becomes of the first insert: all is well; it never arrives; its answer never arrives; it arrives when the next one is sent. */
const losses = ["nothing", "the request", "the answer", "both, until the next try"] as const;

/** An `insertInOrder` that loses this of its first call. */
const losing = (rows: Rows, loss: (typeof losses)[number]): Rows => {
	let calls = 0;
	let late: Parameters<Rows["insertInOrder"]>[0] | undefined;
	return withInsert(rows, async (documents) => {
		calls += 1;
		if (calls > 1 || loss === "nothing") {
			if (late) await rows.insertInOrder(late);
			late = undefined;
			return rows.insertInOrder(documents);
		}
		if (loss === "the answer") await rows.insertInOrder(documents);
		if (loss === "both, until the next try") late = documents;
		throw new WriteUncertain("the connection ended");
	});
};

bothStores("stream log: append, exactly", (profile) => {
	let store: LogStore;
	let log: StoreStreamLog;
	const told: string[] = [];

	before(async () => {
		store = await openLogStore(profile());
		log = new StoreStreamLog(store.entries);
		store.onEvents = (_collection, _id, events) => {
			told.push(...events.map(({ subject }) => subject));
		};
	});
	beforeEach(() => told.splice(0));
	after(() => store?.close());

	/** An entry at 1, so that a repeat has something to repeat; the batch goes from 2 on. */
	const scene = async (repeat: number | undefined, taken: number | undefined) => {
		const stream = newId();
		const first = aDraft(stream, 1, "first");
		await log.append([first]);
		if (taken !== undefined)
			await store.entries.create({
				...aDraft(stream, 2 + taken, "theirs", { from: "bob" }),
				_id: rowId(stream, 2 + taken),
			} as never); // as another writer would
		const batch = Array.from({ length: size }, (_, index) => aDraft(stream, 2 + index, `m${index}`));
		if (repeat !== undefined) batch[repeat] = aDraft(stream, 2 + repeat, "first", { body: { text: "another" } });
		told.splice(0);
		return { stream, first, batch };
	};

	const expected = (repeat: number | undefined, taken: number | undefined, first: Draft): Appended => {
		const { events: _events, ...entry } = first;
		const [r, t] = [repeat ?? size, taken ?? size];
		if (r === size && t === size) return { stored: size, end: "all" };
		return r <= t ? { stored: r, end: "repeat", entry } : { stored: t, end: "taken" };
	};

	for (const loss of losses) {
		for (const repeat of positions) {
			for (const taken of positions) {
				it(`a repeat at ${repeat ?? "none"}, a taken seq at ${taken ?? "none"}, lost: ${loss}`, async () => {
					const { stream, first, batch } = await scene(repeat, taken);
					const outcome = await new StoreStreamLog(losing(store.entries, loss)).append(batch);
					assert.deepEqual(outcome, expected(repeat, taken, first));
					const ours = batch.slice(0, outcome.stored);
					const there = await store.entries.find({ where: { stream, from: "ann" }, sort: [["_id", 1]] });
					assert.deepEqual(there.map(({ seq, id, body }) => [seq, id, body]), [first, ...ours].map(({ seq, id, body }) => [seq, id, body])); // biome-ignore format: one line
					assert.deepEqual(told, ours.map(({ id }) => id)); // biome-ignore format: one line
				});
			}
		}
	}

	it("the same rows again are stored, not repeats: so they are sent after an outcome that stayed unknown", async () => {
		const { stream, batch } = await scene(undefined, undefined);
		const rows = withInsert(store.entries, async (documents) => {
			await store.entries.insertInOrder(documents);
			throw new WriteUncertain("the connection ended");
		});
		const blind = new Proxy(rows, {
			get: (target, name) => (name === "find" ? () => Promise.reject(new StoreUnavailable("away")) : Reflect.get(target, name)),
		});
		await assert.rejects(new StoreStreamLog(blind).append(batch), LogUncertain);
		assert.deepEqual(await log.append(batch), { stored: size, end: "all" });
		assert.equal(await log.tail(stream), 1 + size);
		assert.deepEqual(told, batch.map(({ id }) => id)); // biome-ignore format: one line
	});

	it("the same rows twice at the same time, as by somebody who did not wait for the first, are stored once", async () => {
		const { stream, batch } = await scene(undefined, undefined);
		const outcomes = await Promise.all([log.append(batch), new StoreStreamLog(store.entries).append(batch)]);
		assert.deepEqual(outcomes, [{ stored: size, end: "all" }, { stored: size, end: "all" }]); // biome-ignore format: one line
		assert.equal((await store.entries.find({ where: { stream } })).length, 1 + size);
	});

	it("a first try that goes on after it was given up stores nothing where others have gone on", async () => {
		const { stream, batch } = await scene(undefined, undefined);
		const answered = Promise.withResolvers<void>();
		let calls = 0;
		const stuck = withInsert(store.entries, async (documents) => {
			if (++calls > 1) return store.entries.insertInOrder(documents);
			await answered.promise;
			throw new WriteUncertain("the connection ended");
		});
		const givenUp = new StoreStreamLog(stuck).append(batch);
		await log.append([aDraft(stream, 2, "theirs", { from: "bob" })]);
		const renumbered = batch.map((draft) => ({ ...draft, seq: draft.seq + 1 }));
		assert.equal((await log.append(renumbered)).end, "all");
		answered.resolve();
		assert.deepEqual(await givenUp, { stored: 0, end: "repeat", entry: await log.at(stream, 3) });
		assert.deepEqual((await log.after(stream, 0, 20)).map(({ id }) => id), ["first", "theirs", "m0", "m1", "m2", "m3"]); // biome-ignore format: one line
	});

	it("says that nothing was stored when the store refuses work, and only then", async () => {
		const { batch } = await scene(undefined, undefined);
		const refuse = async (): Promise<number> => {
			throw new StoreUnavailable("no space left");
		};
		await assert.rejects(new StoreStreamLog(withInsert(store.entries, refuse)).append(batch), LogUnavailable);
		let calls = 0;
		const losesThenRefuses = withInsert(store.entries, async () => {
			calls += 1;
			throw calls === 1 ? new WriteUncertain("the connection ended") : new StoreUnavailable("away");
		});
		await assert.rejects(new StoreStreamLog(losesThenRefuses).append(batch), LogUncertain);
	});

	it("another person's entry may have the same id, and so may another stream's", async () => {
		const { stream } = await scene(undefined, undefined);
		assert.equal((await log.append([aDraft(stream, 2, "first", { from: "bob" })])).end, "all");
		assert.equal((await log.append([aDraft(newId(), 1, "first")])).end, "all");
	});

	it("a repeat is told with the entry that the log has, as it was written", async () => {
		const { stream, first } = await scene(undefined, undefined);
		const outcome = await log.append([aDraft(stream, 2, "first", { at: "2027-01-01T00:00:00.000Z" })]);
		const { events: _events, ...entry } = first;
		assert.deepEqual(outcome, { stored: 0, end: "repeat", entry });
	});

	it("two writers that race 1,000 entries into one stream write one history", async () => {
		const stream = newId();
		const write = async (from: string): Promise<void> => {
			const waiting = Array.from({ length: 500 }, (_, index) => `${from}-${index}`);
			while (waiting.length > 0) {
				const tail = await log.tail(stream);
				const batch = waiting.slice(0, 7).map((id, index) => aDraft(stream, tail + 1 + index, id, { from, events: [] }));
				const { stored } = await log.append(batch);
				waiting.splice(0, stored);
			}
		};
		await Promise.all([write("ann"), write("bob")]);
		const entries = await log.after(stream, 0, 2_000);
		assert.deepEqual(entries.map(({ seq }) => seq), Array.from({ length: 1_000 }, (_, index) => index + 1)); // biome-ignore format: one line
		for (const from of ["ann", "bob"]) {
			const theirs = entries.filter((entry) => entry.from === from).map(({ id }) => id);
			assert.deepEqual(
				theirs,
				Array.from({ length: 500 }, (_, index) => `${from}-${index}`),
			);
		}
	}).timeout(60_000);
});

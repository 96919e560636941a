import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import { StoreStreamLog } from "../../../mixins/stream-log/stream-log.ts";
import { rowId } from "../../../mixins/stream-log/stream-row.ts";
import type { Entry } from "../../../realtime/entry.ts";
import { aDraft, type LogStore, openLogStore } from "../../support/a-stream-log.ts";
import { bothStores } from "../../support/both-stores.ts";

const seqs = (entries: readonly Entry[]): number[] => entries.map(({ seq }) => seq);

bothStores("stream log: reading", (profile) => {
	let store: LogStore;
	let log: StoreStreamLog;
	/** 12 entries, so that seq as text would sort wrongly, between neighbours whose names begin alike. */
	const stream = `s-${newId()}`;

	before(async () => {
		store = await openLogStore(profile());
		log = new StoreStreamLog(store.entries);
		for (const name of [stream, `${stream}-`, `${stream}0`, `${stream}:a`]) {
			await log.append(Array.from({ length: name === stream ? 12 : 20 }, (_, index) => aDraft(name, index + 1, `m${index + 1}`)));
		}
	});
	after(() => store?.close());

	it("forwards from a position, at most so many", async () => {
		assert.deepEqual(seqs(await log.after(stream, 0, 5)), [1, 2, 3, 4, 5]);
		assert.deepEqual(seqs(await log.after(stream, 8, 100)), [9, 10, 11, 12]);
		assert.deepEqual(seqs(await log.after(stream, 12, 100)), []);
		assert.deepEqual(seqs(await log.after(stream, 40, 100)), []);
	});

	it("backwards from a position, ascending, at most so many", async () => {
		assert.deepEqual(seqs(await log.before(stream, 12, 3)), [9, 10, 11]);
		assert.deepEqual(seqs(await log.before(stream, 3, 100)), [1, 2]);
		assert.deepEqual(seqs(await log.before(stream, 1, 100)), []);
		assert.deepEqual(seqs(await log.before(stream, Number.MAX_SAFE_INTEGER, 2)), [11, 12]);
	});

	it("answers entries as they were appended, without what only the store needs", async () => {
		const { events: _events, ...entry } = aDraft(stream, 7, "m7");
		assert.deepEqual(await log.at(stream, 7), entry);
		assert.deepEqual((await log.after(stream, 6, 1))[0], entry);
		assert.deepEqual(await log.posted(stream, [{ from: "ann", id: "m7" }]), [entry]);
	});

	it("knows the tail, 0 where nothing is", async () => {
		assert.equal(await log.tail(stream), 12);
		assert.equal(await log.tail("nowhere"), 0);
		assert.equal(await log.at(stream, 13), null);
		assert.deepEqual(await log.after("nowhere", 0, 10), []);
		assert.deepEqual(await log.posted("nowhere", [{ from: "ann", id: "m7" }]), []);
		assert.deepEqual(await log.posted(stream, []), []);
	});

	it("finds what was posted by exactly these people under exactly these ids", async () => {
		const other = newId();
		const pairs = [["ann", "x"], ["ann", "y"], ["bob", "x"], ["bob", "y"]] as const; // biome-ignore format: one line
		await log.append(pairs.map(([from, id], index) => aDraft(other, index + 1, id, { from })));
		const found = await log.posted(other, [{ from: "ann", id: "x" }, { from: "bob", id: "y" }, { from: "cid", id: "x" }]); // biome-ignore format: one line
		assert.deepEqual(seqs(found).sort(), [1, 4]);
	});

	it("a hole ends a page from either side, and the page is whole once it is filled", async () => {
		const holed = newId();
		const row = (seq: number) => ({ ...aDraft(holed, seq, `m${seq}`), _id: rowId(holed, seq), events: [] });
		for (const seq of [1, 2, 4, 5]) await store.entries.create(row(seq));
		assert.deepEqual(seqs(await log.after(holed, 0, 10)), [1, 2]);
		assert.deepEqual(seqs(await log.after(holed, 2, 10)), []);
		assert.deepEqual(seqs(await log.before(holed, 6, 10)), [4, 5]);
		await store.entries.create(row(3));
		assert.deepEqual(seqs(await log.after(holed, 0, 10)), [1, 2, 3, 4, 5]);
		assert.deepEqual(seqs(await log.before(holed, 6, 10)), [1, 2, 3, 4, 5]);
	});

	it("what is erased keeps its seq, its id and its neighbours", async () => {
		const other = newId();
		await log.append([1, 2, 3].map((seq) => aDraft(other, seq, `m${seq}`, { from: seq === 2 ? "bob" : "ann" })));
		assert.equal(await log.erase(other, { seqs: [1, 9] }), 1);
		assert.deepEqual((await log.after(other, 0, 10)).map(({ body, erased }) => [body, erased]), [[null, true], [{ text: "text of m2" }, undefined], [{ text: "text of m3" }, undefined]]); // biome-ignore format: one line
		await log.erase(other, { from: "bob" });
		assert.equal((await log.at(other, 2))?.erased, true);
		assert.equal((await log.at(other, 3))?.erased, undefined);
		assert.equal((await log.posted(other, [{ from: "bob", id: "m2" }]))[0]?.seq, 2);
		assert.equal((await log.append([aDraft(other, 4, "m1")])).end, "repeat");
	});

	it("all that a person wrote is erased, however much it is", async () => {
		const other = newId();
		const many = Array.from({ length: 1_101 }, (_, index) => aDraft(other, index + 1, `m${index}`, { events: [], from: index === 1_000 ? "bob" : "ann" })); // biome-ignore format: one line
		await log.append(many);
		assert.equal(await log.erase(other, { from: "ann" }), 1_100);
		const left = (await log.after(other, 0, 2_000)).filter(({ erased }) => !erased);
		assert.deepEqual(left.map(({ from }) => from), ["bob"]); // biome-ignore format: one line
	});
});

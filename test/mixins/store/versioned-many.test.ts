import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { EventDraft } from "../../../contracts/events.ts";
import { insertTogether } from "../../../mixins/batching/insert-together.ts";
import { StoreUnavailable, WriteUncertain } from "../../../mixins/store/errors.ts";
import { openStore, type Store, type StoreCollection } from "../../../mixins/store/store.ts";
import { type Change, createEntity, type Entity, mutate, outboxIndex } from "../../../mixins/store/versioned.ts";
import { mutateMany, newEntity } from "../../../mixins/store/versioned-many.ts";
import { type Befall, befalling } from "../../support/befalling.ts";
import { bothStores } from "../../support/both-stores.ts";

interface Counter extends Entity {
	n: number;
	note?: string;
}

const at = Date.UTC(2026, 0, 1, 12);
const gone = (userId: string): EventDraft => ({ type: "user.deleted", subject: userId, data: { userId } });
const writes = ["create", "createMany", "update", "updateMany"];

bothStores("store: many entities in one command", (profileOf) => {
	let store: Store<{ counters: Counter }>;
	let counters: StoreCollection<Counter>;
	const told: string[] = [];

	before(async () => {
		store = await openStore<{ counters: Counter }>({
			collections: { counters: { indexes: [outboxIndex] } },
			profile: profileOf(),
		});
		counters = store.counters;
		store.onEvents = (_collection, _id, events) => void told.push(...events.map(({ subject }) => subject));
	});
	beforeEach(() => void told.splice(0));
	after(() => store?.close());

	const made = (count: number): Promise<Counter[]> =>
		Promise.all(
			Array.from({ length: count }, async () => (await createEntity(counters, { _id: randomUUID(), n: 0 }, [], { at })).entity),
		);
	const once = ({ _id }: Counter): Change => ({ inc: { n: 1 }, events: [gone(_id)] });
	/** As `once`, but says by itself when it was done, as moves of services do. */
	const onlyOnce = (counter: Counter): Change | null => (counter.n > 0 ? null : once(counter));
	const moving = (known: readonly Counter[], decide: (counter: Counter) => Change | null = once, collection = counters) =>
		mutateMany(collection, known.map((one) => ({ known: one, decide, cause: { at } }))); // biome-ignore format: one line
	const now = async (known: readonly Counter[]): Promise<Counter[]> => {
		const found = await Promise.all(known.map(({ _id }) => counters.findById(_id)));
		return found.filter((one) => one !== null);
	};
	const entities = (results: Awaited<ReturnType<typeof moving>>): (Counter | undefined)[] =>
		results.map((result) => (result.status === "fulfilled" ? result.value?.entity : undefined));
	const eachOnce = async (known: readonly Counter[]): Promise<void> => {
		const all = await now(known);
		assert.deepEqual(all.map(({ n, version }) => [n, version]), known.map(() => [1, 2])); // biome-ignore format: one line
		assert.deepEqual(all.map(({ outbox }) => outbox?.length), known.map(() => 1)); // biome-ignore format: one line
		assert.deepEqual(told.toSorted(), known.map(({ _id }) => _id).toSorted());
	};

	it("changes of many, with their events, are one write, and what comes back is what is stored", async () => {
		const known = await made(5);
		const calls: string[] = [];
		const results = await moving(
			known,
			once,
			befalling(counters, (method) => void calls.push(method)),
		);
		assert.deepEqual(calls, ["updateMany"]);
		assert.deepEqual(entities(results), await now(known));
		await eachOnce(known);
	});

	it("who was changed by somebody else meanwhile is decided anew, the others not twice", async () => {
		const known = await made(4);
		await mutate(counters, known[1]?._id ?? "", () => ({ set: { note: "mine" } }), { at });
		const results = await moving(known);
		assert.deepEqual(entities(results), await now(known));
		assert.deepEqual((await now(known)).map(({ n, note }) => [n, note]), [[1, undefined], [1, "mine"], [1, undefined], [1, undefined]]); // biome-ignore format: one line
		assert.equal(told.length, 4);
	});

	it("that there is nothing to change is asked again of what is stored, since what was known may be old", async () => {
		const [first, second] = (await made(2)) as [Counter, Counter];
		const old = { ...second, n: 7 };
		const results = await moving([first, old], onlyOnce);
		assert.deepEqual(entities(results).map((entity) => entity?.n), [1, 1]); // biome-ignore format: one line
		assert.deepEqual((await moving([first, second], onlyOnce)).map((result) => result.status === "fulfilled" && result.value?.changed), [false, false]); // biome-ignore format: one line
		await eachOnce([first, second]);
	});

	it("nobody is changed twice where the answer was lost, whether all, some or none were written", async () => {
		for (const count of [0, 2, 4]) {
			told.splice(0);
			const known = await made(4);
			const befall: Befall = (method, [updates]) => {
				if (method !== "updateMany") return undefined;
				const some = (updates as Parameters<typeof counters.updateMany>[0]).slice(0, count);
				return {
					async before() {
						await counters.updateMany(some);
						throw new WriteUncertain("the answer was lost");
					},
				};
			};
			const results = await moving(known, onlyOnce, befalling(counters, befall));
			assert.deepEqual(results.map(({ status }) => status), known.map(() => "fulfilled")); // biome-ignore format: one line
			await eachOnce(known);
		}
	});

	it("a lost answer costs one read where all was written, and where that fails too each looks for its own mark", async () => {
		for (const reads of [true, false]) {
			told.splice(0);
			const known = await made(3);
			const calls: string[] = [];
			const befall: Befall = (method) => {
				calls.push(method);
				const lose = (): never => {
					throw method === "updateMany" ? new WriteUncertain("the answer was lost") : new StoreUnavailable("away for a moment");
				};
				if (method === "updateMany") return { after: lose };
				return method === "findByIds" && !reads ? { before: lose } : undefined;
			};
			await moving(known, once, befalling(counters, befall));
			await eachOnce(known);
			const looks = reads ? [] : known.map(() => "findById");
			assert.deepEqual(calls, ["updateMany", "findByIds", ...looks]);
		}
	});

	it("a store that refuses after some were written leaves nobody changed twice, and nobody out", async () => {
		const known = await made(3);
		const befall: Befall = (method, [updates]) =>
			method === "updateMany"
				? {
						async before() {
							await counters.updateMany((updates as Parameters<typeof counters.updateMany>[0]).slice(0, 1));
							throw new StoreUnavailable("no more today");
						},
					}
				: undefined;
		await moving(known, onlyOnce, befalling(counters, befall));
		await eachOnce(known);
	});

	it("a change that cannot be written fails alone", async () => {
		const known = await made(3);
		const bad = known[1]?._id;
		await mutate(counters, bad ?? "", () => ({ set: { note: "no number" } }), { at });
		const fresh = await now(known);
		const results = await moving(fresh, (counter) => (counter._id === bad ? { inc: { note: 1 } } : once(counter)));
		assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]); // biome-ignore format: one line
		assert.deepEqual((await now(known)).map(({ n }) => n), [1, 0, 1]); // biome-ignore format: one line
	});

	it("documents that are stored at the same time are one write, and a repeat of one of them changes nothing", async () => {
		const calls: string[] = [];
		const store = insertTogether(befalling(counters, (method) => void (writes.includes(method) && calls.push(method))));
		const all = Array.from({ length: 6 }, (_, n) => newEntity<Counter>({ _id: randomUUID(), n }, { at }));
		await Promise.all([store(all.slice(0, 2)), store(all.slice(2, 5)), store(all.slice(5)), store(all.slice(0, 2))]);
		assert.deepEqual(calls, ["createMany"]);
		await store(all.map((one) => ({ ...one, n: 99 })));
		assert.deepEqual(await now(all), all);
	});

	it("a document that the store refuses fails who brought it, and nobody else", async () => {
		const store = insertTogether(counters);
		const good = [1, 2].map((n) => newEntity<Counter>({ _id: randomUUID(), n }, { at }));
		const bad = newEntity<Counter>({ _id: "", n: 0 }, { at });
		const results = await Promise.allSettled([store(good.slice(0, 1)), store([bad]), store(good.slice(1))]);
		assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]); // biome-ignore format: one line
		assert.deepEqual(await now(good), good);
	});

	it("a store that is away is not asked again for each of them", async () => {
		let asked = 0;
		const away = befalling(counters, () => {
			asked += 1;
			throw new StoreUnavailable("away");
		});
		const store = insertTogether(away);
		const one = newEntity<Counter>({ _id: randomUUID(), n: 0 }, { at });
		const results = await Promise.allSettled([store([one]), store([one]), store([one])]);
		assert.deepEqual(results.map((result) => result.status === "rejected" && result.reason.name), Array(3).fill("StoreUnavailable")); // biome-ignore format: one line
		assert.equal(asked, 1);
	});
});

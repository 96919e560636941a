import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { newId } from "../../../contracts/ids.ts";
import { remembered, Sequence, type SequenceDocument } from "../../../mixins/sequence/sequence.ts";
import { type Backend, openBackend } from "../../../mixins/store/backend.ts";
import { StoreUnavailable, WriteUncertain } from "../../../mixins/store/errors.ts";
import type { Collection, Update, Where } from "../../../mixins/store/port.ts";
import { bothStores } from "../../support/both-stores.ts";

const owners = (count: number, prefix = "o"): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
const from1 = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

bothStores("sequence", (profile) => {
	let backend: Backend;
	let counters: Collection<SequenceDocument>;
	let name: string;
	before(async () => {
		backend = await openBackend(profile());
		counters = backend.collection<SequenceDocument>("counters", {});
	});
	after(() => backend?.close());
	beforeEach(() => {
		name = newId();
	});

	/** The same collection, with something in the way of its updates. */
	const withUpdate = (update: (where: Where, change: Update) => Promise<SequenceDocument | null>): Collection<SequenceDocument> =>
		Object.assign(Object.create(counters) as Collection<SequenceDocument>, {
			update,
			findById: (id: string) => counters.findById(id),
			create: (document: SequenceDocument) => counters.create(document),
		});

	it("begins with 1 and counts on", async () => {
		const sequence = new Sequence(counters, name);
		assert.equal(await sequence.numberOf("a"), 1);
		assert.equal(await sequence.numberOf("b"), 2);
	});

	it("gives the same owner the same number again, on another node too", async () => {
		const sequence = new Sequence(counters, name);
		await Promise.all(owners(5).map((owner) => sequence.numberOf(owner)));
		assert.equal(await sequence.numberOf("o1"), 2);
		assert.equal(await new Sequence(counters, name).numberOf("o3"), 4);
		assert.equal((await counters.findById(name))?.n, 5);
	});

	it("leaves no gap and gives nothing twice while several nodes ask at once, for some owners on all of them", async () => {
		const nodes = Array.from({ length: 3 }, () => new Sequence(counters, name));
		const asked = nodes.flatMap((node, index) =>
			[...owners(40, `n${index}-`), ...owners(20, "shared-")].map(async (owner) => [owner, await node.numberOf(owner)] as const),
		);
		const numbers = new Map<string, number>();
		for (const [owner, number] of await Promise.all(asked)) {
			assert.equal(numbers.get(owner) ?? number, number);
			numbers.set(owner, number);
		}
		assert.deepEqual(ascending([...numbers.values()]), from1(140));
	});

	it("asks once for all who come in the same turn, and once for all who come while it waits", async () => {
		let commands = 0;
		const counted = withUpdate((where, change) => {
			commands += 1;
			return counters.update(where, change);
		});
		const sequence = new Sequence(counted, name);
		await sequence.numberOf("first"); // makes the counter
		commands = 0;
		const early = owners(50, "early").map((owner) => sequence.numberOf(owner));
		await turn();
		const late = owners(50, "late").map((owner) => sequence.numberOf(owner));
		const numbers = await Promise.all([...early, ...late]);
		assert.deepEqual(ascending(numbers), from1(101).slice(1));
		assert.equal(commands, 2);
	});

	it("finds the numbers of an update whose answer was lost", async () => {
		let lost = 0;
		const forgetful = withUpdate(async (where, change) => {
			const done = await counters.update(where, change);
			if (done && lost++ === 0) throw new WriteUncertain("the answer was lost");
			return done;
		});
		const numbers = await Promise.all(owners(10).map((owner) => new Sequence(forgetful, name).numberOf(owner)));
		assert.equal(lost > 0, true);
		assert.deepEqual(ascending(numbers), from1(10));
		assert.equal((await counters.findById(name))?.n, 10);
	});

	it("tells those who asked that the store is away, and counts on when it is back", async () => {
		let away = true;
		const flaky = withUpdate((where, change) =>
			away ? Promise.reject(new StoreUnavailable("away")) : counters.update(where, change),
		);
		const sequence = new Sequence(flaky, name);
		const results = await Promise.allSettled(owners(3).map((owner) => sequence.numberOf(owner)));
		for (const result of results) assert.ok(result.status === "rejected" && result.reason instanceof StoreUnavailable);
		away = false;
		assert.deepEqual(ascending(await Promise.all(owners(3).map((owner) => sequence.numberOf(owner)))), from1(3));
	});

	it("remembers a bounded number of owners", async () => {
		const sequence = new Sequence(counters, name);
		await Promise.all(owners(remembered + 10).map((owner) => sequence.numberOf(owner)));
		assert.equal((await counters.findById(name))?.recent.length, remembered);
		assert.equal(await sequence.numberOf("o10"), 11);
		assert.equal(await sequence.numberOf(`o${remembered + 9}`), remembered + 10);
		assert.equal(await sequence.numberOf("o0"), remembered + 11);
	});

	it("goes on above what was given out before the counter went backwards", async () => {
		const sequence = new Sequence(counters, name);
		await Promise.all(owners(3).map((owner) => sequence.numberOf(owner)));
		await sequence.raise(10);
		await sequence.raise(7);
		assert.equal(await sequence.numberOf("o1"), 11);
		assert.equal(await sequence.numberOf("new"), 12);
	});

	it("raises a counter that is not there yet", async () => {
		const sequence = new Sequence(counters, name);
		await sequence.raise(41);
		assert.equal(await sequence.numberOf("a"), 42);
	});
});

import assert from "node:assert/strict";
import { everyUnderLease, type LeasedJob } from "../../../mixins/lease/every-under-lease.ts";
import { Lease, type LeaseDocument } from "../../../mixins/lease/lease.ts";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import { bothStores } from "../../support/both-stores.ts";

const timeoutMs = 60_000; // nothing below waits for it: tests move the clock

bothStores("lease", (profileOf) => {
	let store: Store<{ leases: LeaseDocument }>;
	let now = 0;
	let name = "";
	let count = 0;

	before(async () => {
		store = await openStore<{ leases: LeaseDocument }>({ collections: { leases: {} }, profile: profileOf() });
	});
	beforeEach(() => {
		now = 1_000;
		count += 1;
		name = `lease-${count}`;
	});
	after(() => store?.close());

	const taker = (): Lease => new Lease({ name, leases: store.leases, timeoutMs, monotonic: () => now });

	it("of several who ask at once, one gets it", async () => {
		const takers = Array.from({ length: 8 }, taker);
		const terms = await Promise.all(takers.map((one) => one.beat()));
		assert.equal(terms.filter(Boolean).length, 1);
	});

	it("of several who take it over at once, one gets it, in the next epoch", async () => {
		await taker().beat();
		const takers = Array.from({ length: 8 }, taker);
		await Promise.all(takers.map((one) => one.beat()));
		now += timeoutMs;
		const terms = (await Promise.all(takers.map((one) => one.beat()))).filter((term) => term !== null);
		assert.deepEqual(
			terms.map(({ epoch }) => epoch),
			[2],
		);
	});

	it("it is not taken from a holder whose beat moves, however old the lease is", async () => {
		const [holder, other] = [taker(), taker()];
		await holder.beat();
		for (let beat = 0; beat < 12; beat++) {
			assert.equal(await other.beat(), null);
			now += timeoutMs / 3;
			assert.ok(await holder.beat());
		}
	});

	it("the time-out runs from when the taker saw the beat stand, not from the holder's time", async () => {
		await taker().beat();
		now += timeoutMs * 10;
		const other = taker();
		assert.equal(await other.beat(), null);
		now += timeoutMs - 1;
		assert.equal(await other.beat(), null);
		now += 1;
		assert.ok(await other.beat());
	});

	it("a holder that was away finds it taken, and its signal aborted", async () => {
		const [holder, other] = [taker(), taker()];
		const term = await holder.beat();
		await other.beat();
		now += timeoutMs;
		assert.equal((await other.beat())?.epoch, 2);
		assert.equal(await holder.beat(), null);
		assert.equal(term?.signal.aborted, true);
	});

	it("a holder whose renewal was answered too late has given it up", async () => {
		const holder = taker();
		const term = await holder.beat();
		const { update } = store.leases;
		store.leases.update = async (...args) => {
			const updated = await update.apply(store.leases, args);
			now += timeoutMs; // the answer was that long on its way
			return updated;
		};
		try {
			assert.equal(await holder.beat(), null);
			assert.equal(term?.signal.aborted, true);
		} finally {
			store.leases.update = update;
		}
	});

	it("after a release the next one need not wait, and the epoch goes on", async () => {
		const [holder, other] = [taker(), taker()];
		await holder.beat();
		await holder.release();
		assert.equal((await other.beat())?.epoch, 2);
		await holder.release(); // somebody else's now
		assert.ok(await other.beat());
	});
});

bothStores("work under a lease", (profileOf) => {
	let store: Store<{ leases: LeaseDocument }>;
	const jobs: LeasedJob[] = [];
	const logged: unknown[][] = [];
	const logger = { warn: (...args: unknown[]) => void logged.push(args), error: (...args: unknown[]) => void logged.push(args) };

	before(async () => {
		store = await openStore<{ leases: LeaseDocument }>({ collections: { leases: {} }, profile: profileOf() });
	});
	beforeEach(() => logged.splice(0));
	afterEach(() => Promise.all(jobs.splice(0).map((job) => job.stop())));
	after(() => store?.close());

	const job = (name: string, run: (signal: AbortSignal, epoch: number) => Promise<void>): LeasedJob => {
		const one = everyUnderLease({ name, leases: store.leases, timeoutMs: 300, everyMs: 1, run, logger });
		jobs.push(one);
		return one;
	};

	it("is done by one node at a time, and by the other when the first stops", async () => {
		const rounds: string[] = [];
		const { promise: secondHasIt, resolve } = Promise.withResolvers<void>();
		let busy = 0;
		const as = (who: string) => async (): Promise<void> => {
			busy += 1;
			assert.equal(busy, 1);
			rounds.push(who);
			await new Promise((done) => setImmediate(done));
			busy -= 1;
			if (new Set(rounds).size === 2) resolve();
		};
		const started = Promise.withResolvers<void>();
		const left = job("one at a time", async () => {
			await as("left")();
			started.resolve();
		});
		await started.promise;
		job("one at a time", as("right"));
		await left.stop();
		await secondHasIt;
		assert.equal(rounds.lastIndexOf("left") + 1, rounds.indexOf("right"));
		assert.deepEqual(logged, []);
	});

	it("goes on after a round that failed, and says so", async () => {
		let rounds = 0;
		const { promise, resolve } = Promise.withResolvers<void>();
		job("failing", async () => {
			rounds += 1;
			if (rounds === 3) resolve();
			throw new Error("this round");
		});
		await promise;
		assert.match(String(logged[0]?.[0]), /^failing: this round failed/);
	});

	it("a stop tells the round that runs, and waits for it", async () => {
		const begun = Promise.withResolvers<void>();
		let ended = false;
		const one = job("stopped", async (signal) => {
			begun.resolve();
			if (!signal.aborted) await new Promise((done) => signal.addEventListener("abort", done));
			await new Promise((done) => setTimeout(done, 20));
			ended = true;
		});
		await begun.promise;
		await one.stop();
		assert.equal(ended, true);
		assert.equal((await store.leases.findById("stopped"))?.holder, "");
	});

	it("a round that takes longer than the time-out keeps the lease", async () => {
		let runs = 0;
		const { promise: release, resolve } = Promise.withResolvers<void>();
		const begun = Promise.withResolvers<void>();
		const run = async (): Promise<void> => {
			runs += 1;
			begun.resolve();
			await release;
		};
		job("long", run);
		await begun.promise;
		job("long", run);
		await new Promise((done) => setTimeout(done, 1_000)); // three time-outs
		assert.equal(runs, 1);
		resolve();
	});
});

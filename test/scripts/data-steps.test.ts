import assert from "node:assert/strict";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import type { Document } from "../../mixins/store/port.ts";
import { openStore, type Store } from "../../mixins/store/store.ts";
import { type DataVersion, doneSteps, stepDown, stepsIn, stepUp } from "../../scripts/migrate/data-steps.ts";
import { underLease } from "../../scripts/migrate/under-lease.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

interface Collections {
	dishes: Document & { name?: string; price?: number };
	leases: LeaseDocument;
	migrations: DataVersion;
}

const folder = new URL("fixtures/migrations/", import.meta.url);
const forever = new AbortController().signal;

describe("data steps", () => {
	let dataDir: string;
	let store: Store<Collections>;
	const run = () => ({ service: "menu", store, versions: store.migrations, signal: forever });

	beforeEach(async () => {
		dataDir = await tempDir("steps");
		store = await openStore<Collections>({
			collections: { dishes: {}, leases: {}, migrations: {} },
			profile: { kind: "embedded", dataDir },
		});
		await store.dishes.create({ _id: "1" });
	});
	afterEach(async () => {
		await store.close();
		await removeDir(dataDir);
	});

	it("run in the order of their numbers, each once", async () => {
		const steps = await stepsIn(folder);
		assert.deepEqual(await stepUp(run(), steps), ["0001-name-the-dishes", "0002-price-the-dishes"]);
		assert.deepEqual(await stepUp(run(), steps), []);
		const dish = await store.dishes.findById("1");
		assert.deepEqual([dish?.name, dish?.price], ["satay", 100]);
	});

	it("are taken back one at a time, the last one first", async () => {
		const steps = await stepsIn(folder);
		await stepUp(run(), steps);
		assert.equal(await stepDown(run(), steps), "0002-price-the-dishes");
		assert.deepEqual(await doneSteps(store.migrations, "menu"), ["0001-name-the-dishes"]);
		const dish = await store.dishes.findById("1");
		assert.deepEqual([dish?.name, dish?.price], ["satay", undefined]);
		assert.equal(await stepDown(run(), steps), "0001-name-the-dishes");
		assert.equal(await stepDown(run(), steps), null);
	});

	it("that failed half-way run again, and those before it do not", async () => {
		const [first, second] = await stepsIn(folder);
		assert.ok(first && second);
		const dies = { ...second, up: () => Promise.reject(new Error("the machine went away")) };
		await assert.rejects(stepUp(run(), [first, dies]), /went away/);
		assert.deepEqual(await stepUp(run(), [first, second]), ["0002-price-the-dishes"]);
	});

	it("do not begin once the lease is lost", async () => {
		const steps = await stepsIn(folder);
		await assert.rejects(stepUp({ ...run(), signal: AbortSignal.abort() }, steps));
		assert.deepEqual(await doneSteps(store.migrations, "menu"), []);
	});

	it("are none for a service without the folder", async () => {
		assert.deepEqual(await stepsIn(new URL("nowhere/", folder)), []);
	});

	it("run under a lease: of two migrations at once, one waits for the other", async () => {
		const order: string[] = [];
		const migration = (name: string): Promise<void> =>
			underLease(store.leases, 300, async () => {
				order.push(`${name} begins`);
				await new Promise((resolve) => setTimeout(resolve, 500)); // longer than the time-out: it is kept, not just taken
				order.push(`${name} ends`);
			});
		await Promise.all([migration("a"), migration("b")]);
		assert.deepEqual(
			order.map((line) => line.slice(2)),
			["begins", "ends", "begins", "ends"],
		);
	});
});

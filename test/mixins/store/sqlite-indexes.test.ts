import assert from "node:assert/strict";
import fc from "fast-check";
import { compileWhere } from "../../../mixins/store/matcher.ts";
import type { Document, Query, Where } from "../../../mixins/store/port.ts";
import { SqliteCollection } from "../../../mixins/store/sqlite-collection.ts";
import { acquireDatabase, releaseDatabase, type SqliteDatabase } from "../../../mixins/store/sqlite-database.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

interface Thing extends Document {
	[field: string]: unknown;
}

const indexes = [
	{ name: "buyer", fields: [["buyerId", 1], ["createdAt", -1], ["_id", -1]] }, // biome-ignore format: a line an index
	{ name: "request", fields: [["buyerId", 1], ["key", 1]], unique: true }, // biome-ignore format: a line an index
	{ name: "status", fields: [["status", 1], ["dueAt", 1]] }, // biome-ignore format: a line an index
	{ name: "outbox", fields: [["outboxAt", 1]], sparse: true },
	{ name: "city", fields: [["address.city", 1]] },
	{ name: "tags", fields: [["tags", 1]] },
] as const;

/** Query, the index that must serve it, and that no sorting happens outside of the index. */
const served: readonly [why: string, query: Query, index: string][] = [
	["a buyer's orders, newest first", { where: { buyerId: "b" }, sort: [["createdAt", -1], ["_id", -1]], limit: 20 }, "buyer"], // biome-ignore format: table
	["the next page of them", { where: { buyerId: "b", createdAt: { $lt: "2026" } }, sort: [["createdAt", -1], ["_id", -1]], limit: 20 }, "buyer"], // biome-ignore format: table
	["a request's key", { where: { buyerId: "b", key: "k" } }, "request"],
	["what is due in a state", { where: { status: "placed", dueAt: { $lte: 5 } }, sort: [["dueAt", 1]], limit: 100 }, "status"],
	["several states", { where: { status: { $in: ["placed", "paying"] } } }, "status"],
	["outboxes to sweep", { where: { outboxAt: { $lte: 5 } }, sort: [["outboxAt", 1]], limit: 100 }, "outbox"],
	["documents that have a sparse field", { where: { outboxAt: { $exists: true } } }, "outbox"],
	["a path into an object", { where: { "address.city": "Ipoh" } }, "city"],
	["null", { where: { "address.city": null } }, "city"],
	["an id", { where: { _id: "x" } }, "sqlite_autoindex"],
	["ids", { where: { _id: { $in: ["x", "y"] } } }, "sqlite_autoindex"],
	["a range of ids in order", { where: { _id: { $gt: "x" } }, sort: [["_id", 1]] }, "sqlite_autoindex"],
];

describe("store (embedded): indexes", () => {
	let dataDir = "";
	let database: SqliteDatabase;
	before(async () => {
		dataDir = await tempDir("indexes");
		database = acquireDatabase(dataDir);
	});
	after(async () => {
		releaseDatabase(database);
		await removeDir(dataDir);
	});

	let made = 0;
	const collection = async (spec: { indexes: typeof indexes } | { indexes: [] }): Promise<SqliteCollection<Thing>> => {
		const things = new SqliteCollection<Thing>(database, `things${++made}`, spec);
		await things.ensureIndexes();
		return things;
	};

	for (const [why, query, index] of served) {
		it(`serve ${why}, without a scan and without a sort`, async () => {
			const things = await collection({ indexes });
			await things.createMany(
				Array.from({ length: 50 }, (_, n) => ({ _id: `i${n}`, buyerId: `b${n % 5}`, key: `k${n}`, status: "placed", dueAt: n })),
			);
			const plan = things.explain(query).filter((step) => !step.includes("json_each") && !step.includes("SUBQUERY"));
			assert.equal(plan.length, 1, plan.join(" | "));
			assert.match(plan[0] ?? "", new RegExp(`^(SEARCH|SCAN) \\S+ USING (COVERING )?INDEX \\S*${index}`), plan.join(" | "));
			if (!query.where || "outboxAt" in query.where) return;
			assert.match(plan[0] ?? "", /^SEARCH/);
		});
	}

	it("stop serving a path as soon as a document has an array along it, and stay off after a restart", async () => {
		const things = await collection({ indexes });
		await things.create({ _id: "a", buyerId: "b", tags: "red" });
		assert.match(things.explain({ where: { tags: "red" } }).join(), /USING INDEX/);
		await things.create({ _id: "b", buyerId: "c", tags: ["red", "blue"] });
		assert.match(things.explain({ where: { tags: "red" } }).join(), /^SCAN \S+$/);
		assert.equal(await things.count({ tags: "red" }), 2);
		const again = new SqliteCollection<Thing>(database, things.name, { indexes });
		assert.equal((await again.find({ where: { tags: "blue" } })).length, 1);
		assert.match(again.explain({ where: { tags: "red" } }).join(), /^SCAN \S+$/);
	});

	it("made over documents that have arrays already do not serve those paths", async () => {
		const things = await collection({ indexes: [] });
		await things.createMany([{ _id: "a", buyerId: "1", tags: ["red"] }, { _id: "b", buyerId: "2", address: [{ city: "Ipoh" }] }]); // biome-ignore format: one line
		const later = new SqliteCollection<Thing>(database, things.name, { indexes });
		assert.equal(await later.count({ tags: "red" }), 1, "before the indexes are there");
		await later.ensureIndexes();
		assert.equal(await later.count({ tags: "red" }), 1);
		assert.equal(await later.count({ "address.city": "Ipoh" }), 1);
	});

	it("that are unique refuse an array, which they could not keep unique", async () => {
		const things = await collection({ indexes });
		await assert.rejects(things.create({ _id: "a", buyerId: "b", key: ["x"] }), TypeError);
		assert.equal(await things.findById("a"), null);
	});

	it("are made anew when their definition has changed", async () => {
		const things = await collection({ indexes: [] });
		await things.create({ _id: "a", x: 1, y: 1 });
		const first = new SqliteCollection<Thing>(database, things.name, { indexes: [{ name: "it", fields: [["x", 1]] }] });
		await first.ensureIndexes();
		const second = new SqliteCollection<Thing>(database, things.name, { indexes: [{ name: "it", fields: [["y", 1]] }] });
		assert.deepEqual(await second.missingIndexes(), ["it"]);
		await second.ensureIndexes();
		assert.deepEqual(await second.missingIndexes(), []);
		assert.match(second.explain({ where: { y: 1 } }).join(), /USING INDEX/);
	});

	it("answer just as a look at every document does", async function () {
		this.timeout(60_000);
		const scalar = fc.constantFrom<unknown>(null, true, false, 0, 1, -1.5, 2, "", "a", "b", "1");
		const value = fc.oneof(
			{ weight: 6, arbitrary: scalar },
			fc.array(scalar, { maxLength: 2 }),
			fc.record({ city: scalar }, { noNullPrototype: true }),
		);
		const thing = fc.record(
			{
				status: value,
				dueAt: value,
				outboxAt: value,
				tags: value,
				address: fc.oneof(scalar, fc.record({ city: value }, { requiredKeys: [], noNullPrototype: true })),
			},
			{ requiredKeys: [], noNullPrototype: true },
		);
		const operand = scalar as fc.Arbitrary<never>;
		const condition = fc.oneof(
			operand,
			fc.record({ $in: fc.array(operand, { maxLength: 3 }) }),
			fc.record({ $nin: fc.array(operand, { maxLength: 3 }) }),
			fc.record({ $ne: operand }, { noNullPrototype: true }),
			fc.record({ $gt: operand }, { noNullPrototype: true }),
			fc.record({ $gte: operand, $lt: operand }, { noNullPrototype: true }),
			fc.record({ $lte: operand }, { noNullPrototype: true }),
			fc.record({ $exists: fc.boolean() }, { noNullPrototype: true }),
		);
		const path = fc.constantFrom("status", "dueAt", "outboxAt", "tags", "address.city", "address");
		const where = fc.array(fc.tuple(path, condition), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs) as Where);
		await fc.assert(
			fc.asyncProperty(
				fc.array(thing, { maxLength: 12 }),
				fc.array(where, { minLength: 1, maxLength: 8 }),
				async (some, filters) => {
					const documents = some.map((fields, n) => ({ _id: `i${n}`, buyerId: `b${n}`, ...fields }) as Thing);
					const things = await collection({ indexes });
					await things.createMany(documents);
					for (const filter of filters) {
						const matches = compileWhere(filter);
						const expected = documents.filter(matches).map(({ _id }) => _id);
						const found = (await things.find({ where: filter, sort: [["_id", 1]] })).map(({ _id }) => _id);
						assert.deepEqual(found, expected.sort(), JSON.stringify(filter));
					}
				},
			),
			{ numRuns: 60 },
		);
	});
});

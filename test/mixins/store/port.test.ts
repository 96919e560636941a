import assert from "node:assert/strict";
import { DuplicateKey } from "../../../mixins/store/errors.ts";
import type { Document, Query, Update, Where } from "../../../mixins/store/port.ts";
import { openStore, type Store, type StoreCollection } from "../../../mixins/store/store.ts";
import { bothStores } from "../../support/both-stores.ts";

interface Thing extends Document {
	[field: string]: unknown;
}

const spec = {
	indexes: [
		{ name: "key", fields: [["owner", 1], ["key", 1]], unique: true }, // biome-ignore format: a line an index
		{ name: "code", fields: [["code", 1]], unique: true, sparse: true },
		{ name: "rank", fields: [["group", 1], ["rank", -1], ["_id", 1]] }, // biome-ignore format: a line an index
		{ name: "nested", fields: [["address.city", 1]] },
		{ name: "tags", fields: [["tags", 1]] },
		{ name: "lines", fields: [["lines.sku", 1]] },
		{ name: "flag", fields: [["flag", 1]] },
	],
} as const;

const documents: readonly Thing[] = [
	{ _id: "a", owner: "u1", key: "k1", group: "g1", rank: 1, address: { city: "Ipoh" }, tags: ["red", "blue"], flag: true, n: 5 },
	{ _id: "b", owner: "u1", key: "k2", group: "g1", rank: 3, address: { city: "Kuala Lumpur" }, tags: [], flag: false, n: "5" },
	{ _id: "c", owner: "u2", key: "k1", group: "g1", rank: 2, address: null, tags: "red", flag: 1, n: null },
	{ _id: "d", owner: "u3", key: "k1", group: "g2", rank: 4, lines: [{ sku: "x", q: 1 }, { sku: "y", q: 2 }], flag: null, n: true }, // biome-ignore format: one line
	{ _id: "e", owner: "u4", key: "k1", group: "g2", rank: null, code: "c1", n: -1.5 },
	{ _id: "f", owner: "u5", key: "k1", group: "g2", lines: { sku: "x" }, code: "c2", address: "none", n: { city: "Ipoh" } },
];

/** What MongoDB answers, by id. */
const filters: readonly [why: string, where: Where, ids: string][] = [
	["everything", {}, "abcdef"],
	["an id", { _id: "a" }, "a"],
	["an equal string", { group: "g1" }, "abc"],
	["two fields", { group: "g1", rank: 2 }, "c"],
	["a path into an object", { "address.city": "Ipoh" }, "a"],
	["null, which is missing as well", { rank: null }, "ef"],
	["null at the end of a path", { "address.city": null }, "cdef"],
	["null that is not there where an object is", { address: null }, "cde"],
	["a number, not the string of it", { n: 5 }, "a"],
	["a string, not the number of it", { n: "5" }, "b"],
	["true, not 1", { flag: true }, "a"],
	["1, not true", { flag: 1 }, "c"],
	["false, not what is missing", { flag: false }, "b"],
	["an element of an array", { tags: "red" }, "ac"],
	["a field of an array's elements", { "lines.sku": "x" }, "df"],
	["$in", { group: { $in: ["g2", "g3"] } }, "def"],
	["$in of nothing", { group: { $in: [] } }, ""],
	["$in with null", { rank: { $in: [1, null] } }, "aef"],
	["$in over ids", { _id: { $in: ["f", "a", "zz"] } }, "af"],
	["$in with elements of an array", { tags: { $in: ["blue", "green"] } }, "a"],
	["$in with mixed types", { flag: { $in: [true, 1] } }, "ac"],
	["$nin, which what is missing satisfies", { rank: { $nin: [1, 2] } }, "bdef"],
	["$nin with null", { rank: { $nin: [1, null] } }, "bcd"],
	["$ne, which what is missing satisfies", { code: { $ne: "c1" } }, "abcdf"],
	["$ne null", { rank: { $ne: null } }, "abcd"],
	["$ne on an array, true if no element is equal", { tags: { $ne: "red" } }, "bdef"],
	["$gt among numbers only", { n: { $gt: -2 } }, "ae"],
	["$gte", { rank: { $gte: 3 } }, "bd"],
	["$lt, which null does not satisfy", { rank: { $lt: 3 } }, "ac"],
	["$lte", { rank: { $lte: 1 } }, "a"],
	["a range", { rank: { $gt: 1, $lt: 4 } }, "bc"],
	["a range of strings among strings only", { n: { $gte: "" } }, "b"],
	["a range of ids", { _id: { $gt: "b", $lte: "d" } }, "cd"],
	["a range on elements", { "lines.q": { $gte: 2 } }, "d"],
	["$exists, which null satisfies", { rank: { $exists: true } }, "abcde"],
	["$exists false", { rank: { $exists: false } }, "f"],
	["$exists on a sparse field", { code: { $exists: true } }, "ef"],
	["an equality and a range", { group: "g1", rank: { $gte: 2 } }, "bc"],
	["a field without an index", { nowhere: "x" }, ""],
];

const sorts: readonly [why: string, query: Query, ids: string][] = [
	["ascending, null and missing first", { sort: [["rank", 1], ["_id", 1]] }, "efacbd"], // biome-ignore format: table
	["descending", { sort: [["rank", -1], ["_id", 1]] }, "dbcaef"], // biome-ignore format: table
	["by id backwards", { sort: [["_id", -1]] }, "fedcba"],
	["within a filter, in the index's order", { where: { group: "g1" }, sort: [["rank", -1], ["_id", 1]] }, "bca"], // biome-ignore format: table
	["by the filter's own field too", { where: { group: "g1" }, sort: [["group", 1], ["rank", 1]] }, "acb"], // biome-ignore format: table
	["with a limit", { where: { group: "g1" }, sort: [["rank", -1]], limit: 2 }, "bc"],
	["with a skip", { sort: [["_id", 1]], skip: 4 }, "ef"],
	["with both", { sort: [["_id", 1]], skip: 1, limit: 2 }, "bc"],
	["by a field without an index", { where: { group: "g1" }, sort: [["key", 1], ["owner", -1]] }, "cab"], // biome-ignore format: table
	["a limit of 0, which is none", { sort: [["_id", 1]], limit: 0 }, "abcdef"],
];

const start = { a: 1, s: "x", list: [1, 2], items: [{ id: "p", n: 1 }, { id: "q", n: 2 }], deep: { er: 1 }, nil: null }; // biome-ignore format: one line

/** One update of `start`: what it is afterwards, under what has changed. */
const updates: readonly [why: string, update: Update, after: Record<string, unknown>, where?: Where][] = [
	["$set", { $set: { s: "y", "deep.new": { b: 1 } } }, { s: "y", deep: { er: 1, new: { b: 1 } } }],
	["$set, making the way", { $set: { "new.er.still": 1 } }, { new: { er: { still: 1 } } }],
	["$set of an element by its index", { $set: { "items.1.n": 9 } }, { items: [{ id: "p", n: 1 }, { id: "q", n: 9 }] }], // biome-ignore format: table
	["$set to null", { $set: { s: null } }, { s: null }],
	["$set of what is undefined, which is nothing", { $set: { s: undefined, a: 2 } }, { a: 2 }],
	["$unset", { $unset: { s: true, "deep.er": "", "none.here": true } }, { s: undefined, deep: {} }],
	["$inc", { $inc: { a: 2, "deep.count": -1 } }, { a: 3, deep: { er: 1, count: -1 } }],
	["$min that is less", { $min: { a: 0 } }, { a: 0 }],
	["$min that is more", { $min: { a: 5 } }, {}],
	["$min of what is missing", { $min: { first: 7 } }, { first: 7 }],
	["$max that is more", { $max: { a: 5, s: "z" } }, { a: 5, s: "z" }],
	["$max that is less", { $max: { a: 0 } }, {}],
	["$max over null", { $max: { nil: 1 } }, { nil: 1 }],
	["$push", { $push: { list: 3, fresh: { x: 1 } } }, { list: [1, 2, 3], fresh: [{ x: 1 }] }],
	["$push of an array as one element", { $push: { list: [3] } }, { list: [1, 2, [3]] }],
	["$push of many", { $push: { list: { $each: [3, 4] } } }, { list: [1, 2, 3, 4] }],
	["$push of many, the last kept", { $push: { list: { $each: [3, 4], $slice: -3 } } }, { list: [2, 3, 4] }],
	["$push of many, the first kept", { $push: { list: { $each: [3, 4], $slice: 3 } } }, { list: [1, 2, 3] }],
	["$push of many to nothing, the last kept", { $push: { fresh: { $each: [1, 2, 3], $slice: -2 } } }, { fresh: [2, 3] }],
	["$pull of a scalar", { $pull: { list: 1, none: 1 } }, { list: [2] }],
	["$pull by fields", { $pull: { items: { id: "p" } } }, { items: [{ id: "q", n: 2 }] }],
	["$pull by a comparison of a field", { $pull: { items: { n: { $gte: 1 } } } }, { items: [] }],
	["$pull by a comparison", { $pull: { list: { $in: [2, 3] } } }, { list: [1] }],
	["$addToSet of what is there", { $addToSet: { list: 2, items: { id: "p", n: 1 } } }, {}],
	["$addToSet of what is new", { $addToSet: { list: 3, fresh: "a" } }, { list: [1, 2, 3], fresh: ["a"] }],
	["$addToSet of many", { $addToSet: { list: { $each: [2, 3] } } }, { list: [1, 2, 3] }],
	["a positional field", { $set: { "items.$.n": 7 } }, { items: [{ id: "p", n: 1 }, { id: "q", n: 7 }] }, { "items.id": "q" }], // biome-ignore format: table
	["a positional element", { $set: { "list.$": 7 } }, { list: [1, 7] }, { list: 2 }],
	["a positional $inc by a comparison", { $inc: { "items.$.n": 5 } }, { items: [{ id: "p", n: 1 }, { id: "q", n: 7 }] }, { "items.n": { $gt: 1 } }], // biome-ignore format: table
	["a positional $unset", { $unset: { "items.$.n": true } }, { items: [{ id: "p" }, { id: "q", n: 2 }] }, { "items.id": "p" }], // biome-ignore format: table
];

bothStores("store: the port", (profileOf) => {
	let store: Store<{ things: Thing; others: Thing }>;
	let things: StoreCollection<Thing>;
	let others: StoreCollection<Thing>;
	let fresh = 0;
	const nextId = (): string => `n${++fresh}`;

	before(async () => {
		store = await openStore<{ things: Thing; others: Thing }>({
			collections: { things: spec, others: spec },
			profile: profileOf(),
		});
		({ things, others } = store);
		assert.equal(await things.createMany(documents), documents.length);
	});
	after(() => store?.close());

	describe("reads", () => {
		for (const [why, where, ids] of filters) {
			it(`find ${why}`, async () => {
				const found = await things.find({ where });
				assert.equal(found.map(({ _id }) => _id).sort().join(""), ids); // biome-ignore format: short
				assert.equal(await things.count(where), ids.length);
				const one = await things.findOne(where);
				assert.equal(one ? ids.includes(one._id) : null, ids ? true : null);
			});
		}
		for (const [why, query, ids] of sorts) {
			it(`sort ${why}`, async () => {
				assert.equal((await things.find(query)).map(({ _id }) => _id).join(""), ids);
			});
		}
		it("find by id answers the document as it was stored, or null", async () => {
			assert.deepEqual(await things.findById("d"), documents[3]);
			assert.equal(await things.findById("zz"), null);
		});
		it("find by ids answers those that exist", async () => {
			const found = await things.findByIds(["c", "zz", "a", "a"]);
			assert.deepEqual(found.map(({ _id }) => _id).sort(), ["a", "c"]);
			assert.deepEqual(await things.findByIds([]), []);
		});
		it("refuse what is not part of the port, above all an undefined value, which would match everything", async () => {
			for (const where of [
				{ a: undefined },
				{ a: { $regex: "x" } },
				{ $or: [] },
				{ a: {} },
				{ a: [1] },
				{ a: { $in: "x" } },
				{ a: { $in: [{}] } },
				{ "a..b": 1 },
				{ a: Number.NaN },
			]) {
				// biome-ignore format: table
				await assert.rejects(things.find({ where: where as never }), TypeError, JSON.stringify(where));
				await assert.rejects(things.remove(where as never), TypeError);
				await assert.rejects(things.update(where as never, { $set: { z: 1 } }), TypeError);
			}
		});
	});

	describe("updates", () => {
		for (const [why, update, after, where] of updates) {
			it(why, async () => {
				const _id = nextId();
				await others.create({ _id, owner: _id, ...structuredClone(start) });
				const expected = JSON.parse(JSON.stringify({ _id, owner: _id, ...start, ...after }));
				assert.deepEqual(await others.update({ ...where, _id }, update), expected);
				assert.deepEqual(await others.findById(_id), expected);
			});
		}
		it("refuse what cannot be done, and change nothing", async () => {
			const _id = nextId();
			const stored = { _id, owner: _id, ...structuredClone(start) };
			await others.create(stored);
			const refused: Update[] = [
				{ $inc: { s: 1 } },
				{ $push: { s: 1 } },
				{ $pull: { s: 1 } },
				{ $addToSet: { s: 1 } },
				{ $set: { "s.inner": 1 } },
				{ $set: { "list.name": 1 } },
				{ $set: { a: 2, "items.$.n": 1 } },
				{ $set: { _id: "other" } },
				{ $set: { a: 1 }, $inc: { a: 1 } },
				{ $set: { deep: {} }, $inc: { "deep.er": 1 } },
				{ $set: { __proto__x: 1, "a.__proto__.b": 1 } },
				{ $rename: { a: "b" } } as never,
				{ $set: {} },
				{},
			];
			for (const update of refused) await assert.rejects(others.update({ _id }, update), Error, JSON.stringify(update));
			assert.deepEqual(await others.findById(_id), stored);
		});
		it("answer null when nothing matches, and make no document", async () => {
			assert.equal(await others.update({ _id: "nobody" }, { $set: { a: 1 } }), null);
			assert.equal(await others.findById("nobody"), null);
		});
		it("change one document only", async () => {
			const group = nextId();
			await others.createMany(["1", "2", "3"].map((n) => ({ _id: group + n, owner: group + n, group })));
			assert.ok(await others.update({ group }, { $set: { hit: true } }));
			assert.equal(await others.count({ group, hit: true }), 1);
		});
		it("see an element only by the filter's own match, not by the first of the array", async () => {
			const _id = nextId();
			await others.create({ _id, owner: _id, items: [{ id: "p", n: 1 }, { id: "q", n: 1 }] }); // biome-ignore format: one line
			const after = await others.update({ _id, "items.id": "q" }, { $inc: { "items.$.n": 1 } });
			assert.deepEqual(after?.items, [{ id: "p", n: 1 }, { id: "q", n: 2 }]); // biome-ignore format: one line
		});
		it("many at once: each one for itself, and the number of those that matched", async () => {
			const [x, y] = [nextId(), nextId()];
			await others.createMany([{ _id: x, owner: x, n: 0 }, { _id: y, owner: y, n: 0 }]); // biome-ignore format: one line
			const count = await others.updateMany([
				{ where: { _id: x, n: 0 }, update: { $inc: { n: 1 } } },
				{ where: { _id: y, n: 5 }, update: { $inc: { n: 1 } } },
				{ where: { _id: x, n: 1 }, update: { $inc: { n: 1 } } },
			]);
			assert.ok(count >= 1 && count <= 2, "the order is open, so the third may come before the first");
			assert.equal((await others.findById(x))?.n, count);
			assert.equal((await others.findById(y))?.n, 0);
			assert.equal(await others.updateMany([]), 0);
		});
		it("many at once, one refused: the others are done, and the refusal is told", async () => {
			const [x, y, z] = [nextId(), nextId(), nextId()];
			await others.createMany([x, y, z].map((_id) => ({ _id, owner: _id, code: _id })));
			await assert.rejects(
				others.updateMany([
					{ where: { _id: x }, update: { $set: { code: z } } },
					{ where: { _id: y }, update: { $set: { done: true } } },
				]),
				DuplicateKey,
			);
			assert.equal((await others.findById(y))?.done, true);
			assert.equal((await others.findById(x))?.code, x);
		});
	});

	describe("creates and removes", () => {
		it("a repeat under the same id changes nothing and answers what is stored", async () => {
			const _id = nextId();
			assert.deepEqual(await others.create({ _id, owner: _id, v: 1 }), { created: true, document: { _id, owner: _id, v: 1 } });
			assert.deepEqual(await others.create({ _id, owner: _id, v: 2 }), { created: false, document: { _id, owner: _id, v: 1 } });
		});
		it("a repeat is a repeat also where another unique key is in the way", async () => {
			const [x, y] = [nextId(), nextId()];
			await others.createMany([{ _id: x, owner: x, code: x }, { _id: y, owner: y, code: y }]); // biome-ignore format: one line
			const { created, document } = await others.create({ _id: x, owner: x, code: y });
			assert.equal(created, false);
			assert.equal(document.code, x);
		});
		it("a taken unique key is told, and nothing is stored", async () => {
			const [x, y] = [nextId(), nextId()];
			await others.create({ _id: x, owner: x, key: "k" });
			await assert.rejects(
				others.create({ _id: y, owner: x, key: "k" }),
				(error) => error instanceof DuplicateKey && error.collection === "others",
			);
			assert.equal(await others.findById(y), null);
			await others.create({ _id: y, owner: y, key: "k" });
			await assert.rejects(others.update({ _id: y }, { $set: { owner: x } }), DuplicateKey);
			assert.equal((await others.findById(y))?.owner, y);
		});
		it("a unique key counts null and missing as one value, a sparse one only documents that have the field", async () => {
			const owner = nextId();
			await others.create({ _id: nextId(), owner });
			await assert.rejects(others.create({ _id: nextId(), owner, key: null }), DuplicateKey);
			await others.create({ _id: nextId(), owner: nextId() });
			await others.create({ _id: nextId(), owner: nextId() });
		});
		it("a key is free again when its document is gone or has changed it", async () => {
			const [x, y] = [nextId(), nextId()];
			await others.create({ _id: x, owner: x, code: x });
			await others.update({ _id: x }, { $set: { code: `${x}-other` } });
			await others.create({ _id: y, owner: y, code: x });
			assert.equal(await others.remove({ _id: y }), 1);
			assert.equal(await others.remove({ _id: y }), 0);
			await others.update({ _id: x }, { $set: { code: x } });
		});
		it("many at once leave out those whose id or key is taken", async () => {
			const [x, y, z] = [nextId(), nextId(), nextId()];
			await others.create({ _id: x, owner: x, code: x });
			assert.equal(
				await others.createMany([
					{ _id: x, owner: nextId() },
					{ _id: y, owner: y, code: x },
					{ _id: z, owner: z },
					{ _id: z, owner: nextId() },
				]),
				1,
			);
			assert.equal((await others.findById(z))?.owner, z);
			assert.equal(await others.findById(y), null);
			assert.equal(await others.createMany([]), 0);
		});
		it("in order: up to the first that a taken id or key refuses", async () => {
			const made = (more: Partial<Thing> = {}): Thing => {
				const _id = nextId();
				return { _id, owner: _id, ...more };
			};
			const [a, b, c, d, e] = [made({ code: nextId() }), made(), made(), made(), made()];
			assert.equal(await others.insertInOrder([a, b]), 2);
			assert.equal(await others.insertInOrder([c, b, d]), 1);
			assert.equal(await others.insertInOrder([d, made({ code: a.code }), e]), 1);
			assert.equal(await others.insertInOrder([made({ code: a.code }), e]), 0);
			assert.equal(await others.insertInOrder([]), 0);
			const there = await others.findByIds([a, b, c, d, e].map(({ _id }) => _id));
			assert.deepEqual(there.map(({ _id }) => _id).sort(), [a, b, c, d].map(({ _id }) => _id).sort()); // biome-ignore format: one line
		});
		it("remove all that match", async () => {
			const group = nextId();
			await others.createMany(["1", "2", "3"].map((n) => ({ _id: group + n, owner: group + n, group, rank: Number(n) })));
			assert.equal(await others.remove({ group, rank: { $gte: 2 } }), 2);
			assert.equal(await others.count({ group }), 1);
		});
		it("ids are strings", async () => {
			for (const _id of [undefined, "", 7, null]) {
				await assert.rejects(others.create({ _id: _id as never, owner: nextId() }), TypeError);
				await assert.rejects(others.createMany([{ _id: _id as never, owner: nextId() }]), TypeError);
				await assert.rejects(others.insertInOrder([{ _id: _id as never, owner: nextId() }]), TypeError);
			}
		});
		it("what is undefined is not stored, and the caller's object is nobody else's", async () => {
			const _id = nextId();
			const mine = { _id, owner: _id, gone: undefined, inner: { list: [1] } };
			const { document } = await others.create(mine);
			assert.deepEqual(document, { _id, owner: _id, inner: { list: [1] } });
			mine.inner.list.push(2);
			assert.deepEqual(document.inner, { list: [1] });
			assert.deepEqual((await others.findById(_id))?.inner, { list: [1] });
		});
	});

	describe("at the same time", () => {
		it("of many updates on one version exactly one wins", async () => {
			const _id = nextId();
			await others.create({ _id, owner: _id, version: 1 });
			const results = await Promise.all(
				Array.from({ length: 20 }, (_, by) => others.update({ _id, version: 1 }, { $set: { by }, $inc: { version: 1 } })),
			);
			const winners = results.filter((result) => result !== null);
			assert.equal(winners.length, 1);
			assert.deepEqual(await others.findById(_id), winners[0]);
		});
		it("of many creates under one id exactly one creates, and all answer the same document", async () => {
			const _id = nextId();
			const results = await Promise.all(Array.from({ length: 20 }, (_, by) => others.create({ _id, owner: _id, by })));
			assert.equal(results.filter(({ created }) => created).length, 1);
			assert.equal(new Set(results.map(({ document }) => document.by)).size, 1);
		});
		it("increments add up", async () => {
			const _id = nextId();
			await others.create({ _id, owner: _id, n: 0 });
			await Promise.all(Array.from({ length: 30 }, () => others.update({ _id }, { $inc: { n: 1 } })));
			assert.equal((await others.findById(_id))?.n, 30);
		});
		it("a failing write harms only itself", async () => {
			const ids = Array.from({ length: 12 }, nextId);
			await others.create({ _id: "taken", owner: "taken", code: "taken" });
			const results = await Promise.allSettled(
				ids.map((_id, index) => others.create({ _id, owner: _id, ...(index % 3 === 0 ? { code: "taken" } : {}) })),
			);
			const stored = await others.findByIds(ids);
			assert.equal(stored.length, 8);
			assert.deepEqual(results.map(({ status }) => status === "fulfilled"), ids.map((_, index) => index % 3 !== 0)); // biome-ignore format: one line
		});
	});

	describe("indexes", () => {
		it("are reported when they are missing, and made again", async () => {
			const indexes = [
				{ name: "reported_owner", fields: [["owner", 1]], unique: true },
				{ name: "reported_rank", fields: [["rank", -1]] },
			] as const;
			const profile = { ...profileOf(), autoMigrate: false };
			const bare = await openStore<{ reported: Thing }>({ collections: { reported: { indexes } }, profile });
			const health = await bare.health();
			assert.equal(health.ok, false);
			assert.deepEqual(health.missingIndexes, ["reported.reported_owner", "reported.reported_rank"]);
			assert.match(health.detail ?? "", /reported_owner/);
			await bare.ensureIndexes();
			await bare.ensureIndexes();
			assert.deepEqual(await bare.health(), { ok: true, missingIndexes: [] });
			await bare.dropIndexes();
			assert.equal((await bare.missingIndexes()).length, 2);
			await bare.close();
		});
		it("of another shape under the same name count as missing", async () => {
			const profile = { ...profileOf(), autoMigrate: false };
			const fields = [["owner", 1]] as const;
			const old = await openStore<{ shaped: Thing }>({
				collections: { shaped: { indexes: [{ name: "shaped_owner", fields }] } },
				profile,
			});
			await old.ensureIndexes();
			await old.close();
			const collections = { shaped: { indexes: [{ name: "shaped_owner", fields, unique: true }] } } as const;
			const now = await openStore<{ shaped: Thing }>({ collections, profile });
			assert.deepEqual(await now.missingIndexes(), ["shaped.shaped_owner"]);
			await now.close();
		});
		it("cannot be unique over what is not", async () => {
			const profile = { ...profileOf(), autoMigrate: false };
			const before = await openStore<{ clashes: Thing }>({ collections: { clashes: {} }, profile });
			await before.clashes.createMany([{ _id: "1", code: "x" }, { _id: "2", code: "x" }]); // biome-ignore format: one line
			await before.close();
			const collections = { clashes: { indexes: [{ name: "code", fields: [["code", 1]], unique: true }] } } as const;
			await assert.rejects(openStore<{ clashes: Thing }>({ collections, profile: profileOf() }), DuplicateKey);
			const after = await openStore<{ clashes: Thing }>({ collections, profile });
			assert.deepEqual((await after.health()).missingIndexes, ["clashes.code"]);
			await after.close();
		});
		it("that are not portable are refused", async () => {
			const wrong = [
				{ name: "both", fields: [["a", 1], ["b", 1]], sparse: true }, // biome-ignore format: a line an index
				{ name: "quote", fields: [['a"b', 1]] },
				{ name: "a b", fields: [["a", 1]] },
				{ name: "none", fields: [] },
			] as never[];
			for (const index of wrong) {
				await assert.rejects(
					openStore<{ wrong: Thing }>({ collections: { wrong: { indexes: [index] } }, profile: profileOf() }),
					TypeError,
				);
			}
		});
	});
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { Timestamp } from "mongodb";
import { Value } from "typebox/value";
import { ChangeRecord } from "../../../contracts/change-feed.ts";
import {
	type ChangeEvent,
	headersOf,
	type Message,
	published,
	readChange,
	readDocument,
	withoutBodies,
} from "../../../services/cdc/change.ts";

const feed = { fields: ["status", "number"] };
const now = 1_790_000_000_000;

/** As the driver hands it over. */
const clusterTime = (t: number, i: number) => new Timestamp({ t, i });

const event = (operationType: string, more: Partial<ChangeEvent> = {}): ChangeEvent => ({
	_id: { _data: "82650000000000000129295A1004" },
	operationType,
	documentKey: { _id: "a" },
	clusterTime: clusterTime(1_780_000_000, 7),
	...more,
});

const messageOf = (one: ChangeEvent): Message => {
	const reading = readChange("orders", feed, one, now);
	assert.equal(reading.kind, "message");
	return (reading as { message: Message }).message; // as was just seen
};

describe("what a change becomes", () => {
	const fullDocument = { _id: "a", status: "placed", number: 3, passwordHash: "$argon2id$", requests: [{ key: "k" }] };
	const after = { _id: "a", status: "placed", number: 3 };

	it("is a record of what may be seen, and when", () => {
		const at = { ts_ms: 1_780_000_000_000 };
		assert.deepEqual(messageOf(event("insert", { fullDocument })).record, { before: null, after, op: "c", ...at });
		assert.deepEqual(messageOf(event("update", { fullDocument })).record, { before: null, after, op: "u", ...at });
		assert.deepEqual(messageOf(event("replace", { fullDocument })).record, { before: null, after, op: "u", ...at });
		assert.deepEqual(messageOf(event("delete")).record, { before: null, after: null, op: "d", ...at });
	});

	it("says how it was where the server knows, of that also no more than may be seen", () => {
		const fullDocumentBeforeChange = { _id: "a", status: "paid", passwordHash: "$argon2id$" };
		const before = { _id: "a", status: "paid" };
		assert.deepEqual(messageOf(event("update", { fullDocument, fullDocumentBeforeChange })).record.before, before);
		assert.deepEqual(messageOf(event("delete", { fullDocumentBeforeChange })).record.before, before);
	});

	it("has no document where that was removed since", () => {
		assert.deepEqual(messageOf(event("update", { fullDocument: null })).record.after, null);
	});

	it("tells the time to the millisecond where the server does, and ours where it tells none", () => {
		assert.equal(messageOf(event("delete", { wallTime: new Date(123_456) })).record.ts_ms, 123_456);
		const { clusterTime: _none, ...timeless } = event("delete");
		assert.equal(messageOf(timeless).record.ts_ms, now);
	});

	it("is nothing where it is about no document, or one that cannot be named any more", () => {
		for (const type of ["create", "createIndexes", "modify", "shardCollection"]) {
			const { documentKey: _none, ...about } = event(type);
			assert.deepEqual(readChange("orders", feed, about, now), { kind: "none" });
		}
		assert.deepEqual(readChange("orders", feed, event("update", { documentKey: { _id: null } }), now), { kind: "none" });
	});

	it("is an end where the collection is not what it was", () => {
		for (const by of ["drop", "rename", "dropDatabase", "invalidate"])
			assert.deepEqual(readChange("orders", feed, event(by), now), { kind: "ended", by });
	});

	it("has one id for all who read it, others for other changes, which grow with the database's clock", () => {
		const id = (t: number, i: number, data: string, collection = "orders"): string => {
			const reading = readChange(
				collection,
				feed,
				event("delete", { _id: { _data: data }, clusterTime: clusterTime(t, i) }),
				now,
			);
			return reading.kind === "message" ? reading.message.id : "";
		};
		assert.equal(id(5, 1, "82A"), id(5, 1, "82A"));
		assert.notEqual(id(5, 1, "82A"), id(5, 1, "82B"), "of one transaction");
		assert.notEqual(id(5, 1, "82A"), id(5, 1, "82A", "users"));
		const times = fc.tuple(fc.nat({ max: 2 ** 32 - 1 }), fc.nat({ max: 2 ** 32 - 1 }));
		fc.assert(
			fc.property(times, times, ([t1, i1], [t2, i2]) => {
				const earlier = t1 < t2 || (t1 === t2 && i1 < i2);
				if (earlier) assert.ok(id(t1, i1, "82Z") < id(t2, i2, "82A"));
			}),
		);
	});

	it("lets nothing out but what it names, whatever is in a document", () => {
		fc.assert(
			fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.uniqueArray(fc.string()), (document, fields) => {
				const out = published({ ...document, _id: "a" }, { fields });
				assert.deepEqual(
					Object.keys(out ?? {}).filter((name) => name !== "_id" && !(fields.includes(name) && Object.hasOwn(document, name))),
					[],
				);
			}),
		);
	});

	it("is what the contract says, of any document", () => {
		const document = fc.dictionary(fc.constantFrom("status", "number", "other"), fc.jsonValue());
		fc.assert(
			fc.property(
				fc.constantFrom("insert", "update", "replace", "delete"),
				fc.option(document),
				fc.option(document),
				(type, was, is) => {
					const { record } = messageOf(event(type, { fullDocument: is, fullDocumentBeforeChange: was }));
					assert.ok(Value.Check(ChangeRecord, JSON.parse(JSON.stringify(record))));
				},
			),
		);
	});
});

describe("a document that a sweep found", () => {
	const document = { _id: "a/ä", status: "paid", secret: 1 };

	it("is told as it is, as an update of which nobody knows what was before", () => {
		const { record, origin, key } = readDocument("orders", feed, document, "sweep-1", now);
		assert.deepEqual(record, { before: null, after: { _id: "a/ä", status: "paid" }, op: "u", ts_ms: now });
		assert.deepEqual([origin, key], ["sweep", "a/ä"]);
	});

	it("is no repeat of what another sweep told, or of another document", () => {
		const ids = [
			readDocument("orders", feed, document, "sweep-1", now),
			readDocument("orders", feed, document, "sweep-2", now),
			readDocument("orders", feed, { ...document, _id: "b" }, "sweep-1", now),
		].map(({ id }) => id);
		assert.equal(new Set(ids).size, 3);
	});

	it("is named in headers, in letters that headers can carry", () => {
		const message = readDocument("orders", feed, document, "sweep-1", now);
		const headers = Object.fromEntries(headersOf(message));
		assert.deepEqual(headers, { "Nats-Msg-Id": message.id, "Souk-Document": "a%2F%C3%A4", "Souk-Origin": "sweep" });
		const { record, headers: without } = withoutBodies(message);
		assert.deepEqual([record.after, record.op], [null, "u"]);
		assert.deepEqual(Object.fromEntries(without), { ...headers, "Souk-Omitted": "too-large" });
	});
});

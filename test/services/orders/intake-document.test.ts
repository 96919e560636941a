import assert from "node:assert/strict";
import { readDocument, validateDocument } from "../../../services/orders/intake-document.ts";
import { anIntakeDocument } from "../../support/an-intake-document.ts";

/** A copy with another value at the path; undefined takes the member away. */
const withValue = (path: string, value: unknown): object => {
	const document = structuredClone(anIntakeDocument("b563feb7b2b84b6test")) as Record<string, unknown>;
	const names = path.slice(1).split("/");
	const last = names.pop() ?? "";
	// biome-ignore lint/suspicious/noExplicitAny: members of any shape
	const parent = names.reduce((part: any, name) => part[name], document);
	if (value === undefined) delete parent[last];
	else parent[last] = value;
	return document;
};

const refused: readonly (readonly [path: string, ...values: unknown[]])[] = [
	["/order_uid", undefined, 1, "", "short1234", "a".repeat(51), "with-hyphen1", "with space1", "ünicode1234"],
	["/track_number", undefined, "", "WB_TRACK", "a".repeat(51), "WBILMTESTTRACK\n", 5],
	["/entry", undefined, "a".repeat(21), 1],
	["/locale", undefined, "", "e", "eng", "e1", "EN-us"],
	["/sm_id", undefined, -1, 1000, 1.5, "99", null],
	["/date_created", undefined, "", "2021-11-26", "2021-11-26 06:22:19Z", "2021-11-26T06:22:19", "2021-13-01T00:00:00Z"],
	["/date_created", "2021-02-29T00:00:00Z", "2021-04-31T00:00:00Z", "1900-02-29T00:00:00Z", "2021-11-26T24:00:00Z", 1637907727],
	["/customer_id", undefined, "", 7, null],
	["/delivery_service", undefined, ""],
	["/shardkey", undefined, ""],
	["/oof_shard", undefined, ""],
	["/delivery", undefined, null, []],
	["/delivery/name", undefined, "", "  "],
	["/delivery/phone", undefined, "", "+", "+972 000", "phone", "00+1"],
	["/delivery/zip", undefined, "", 2639809],
	["/delivery/city", undefined, ""],
	["/delivery/address", undefined, ""],
	["/delivery/region", undefined, ""],
	["/delivery/email", undefined, "", "nobody", "a@b", "a@b..c", "a b@c.de", "@c.de", "a@-c.de", "a@c.de\n", "a@@c.de"],
	["/payment", undefined, "paid"],
	["/payment/transaction", undefined, "", "another1234"],
	["/payment/currency", undefined, "", "usd", "ZZZ", "US", "DOLLAR", 840],
	["/payment/amount", undefined, -1, 10_000_001, 0.5, "100"],
	["/payment/provider", undefined, ""],
	["/payment/payment_dt", undefined, 0, -1, "now"],
	["/payment/delivery_cost", undefined, -1],
	["/payment/goods_total", undefined, -0.01],
	["/payment/custom_fee", undefined, -1],
	["/items", undefined, [], {}, Array(101).fill(anIntakeDocument().items[0])],
	["/items/0", null, "item"],
	["/items/0/chrt_id", undefined, 0, -1, 1.5],
	["/items/0/nm_id", undefined, 0, "1"],
	["/items/0/price", undefined, -1],
	["/items/0/sale", undefined, -1, 101],
	["/items/0/total_price", undefined, -1],
	["/items/0/name", undefined, ""],
	["/items/0/rid", undefined, ""],
	["/items/0/brand", undefined, ""],
	["/items/0/track_number", undefined, "", "OTHERTRACK"],
];

const accepted: readonly (readonly [path: string, ...values: unknown[]])[] = [
	["/track_number", "WBILMTESTTRACK"],
	["/entry", "", "a".repeat(20), "🛒".repeat(20)],
	["/locale", "EN", "ru"],
	["/sm_id", 0, 999],
	[
		"/date_created",
		"2020-02-29T23:59:60Z",
		"2021-11-26t06:22:19.123456789z",
		"2021-11-26T06:22:19+05:30",
		"2000-02-29T00:00:00-00:00",
	],
	["/delivery/phone", "1", "9720000000"],
	["/delivery/email", "a.b+c@d.co", "x@sub.example.museum", "x@xn--80ak6aa92e.com"],
	["/payment/currency", "MYR", "RUB", "JPY"],
	["/payment/amount", 0, 10_000_000],
	["/payment/request_id", undefined],
	["/items", Array(100).fill(anIntakeDocument().items[0])],
	["/items/0/sale", 0, 100],
	["/items/0/price", 0],
	["/something_else", { deep: [1] }],
];

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60));

describe("the rules of an order document", () => {
	it("accept the document that the others are made from", () => {
		assert.equal(validateDocument(anIntakeDocument()), null);
	});

	for (const [path, ...values] of refused) {
		for (const value of values) {
			it(`refuse ${path} with ${shown(value)}, and name it`, () => {
				const errors = validateDocument(withValue(path, value)) ?? [];
				assert.ok(
					errors.some(({ pointer, detail }) => (pointer === path || pointer.startsWith(`${path}/`)) && detail !== ""),
					JSON.stringify(errors),
				);
			});
		}
	}

	for (const [path, ...values] of accepted) {
		for (const value of values) {
			it(`accept ${path} with ${shown(value)}`, () => {
				assert.equal(validateDocument(withValue(path, value)), null);
			});
		}
	}

	it("name every wrong field at once, in words that people understand", () => {
		const errors = validateDocument({ ...anIntakeDocument(), locale: "eng", order_uid: "x", items: [] });
		assert.deepEqual(new Map(errors?.map(({ pointer, detail }) => [pointer, detail])).get("/locale"), "must be 2 letters");
		assert.equal(errors?.length, 3);
	});

	for (const value of [null, 1, "text", [], true]) {
		it(`refuse ${JSON.stringify(value)}`, () => {
			assert.notEqual(validateDocument(value), null);
		});
	}
});

describe("reading an order document", () => {
	const read = (text: string) => readDocument(text, "2026-01-01T00:00:00.000Z");

	it("keeps the text and knows the same content written otherwise", () => {
		const document = anIntakeDocument();
		const reading = read(` ${JSON.stringify(document)}\r`);
		const turned = read(JSON.stringify(Object.fromEntries(Object.entries(document).reverse()), null, 2));
		assert.ok(reading.ok && turned.ok);
		assert.equal(reading.record.text, JSON.stringify(document));
		assert.equal(turned.record.hash, reading.record.hash);
	});

	it("knows other content", () => {
		const [one, other] = [anIntakeDocument(), anIntakeDocument(undefined, { note: 1 })].map((doc) => read(JSON.stringify(doc)));
		assert.ok(one?.ok && other?.ok);
		assert.notEqual(one.record.hash, other.record.hash);
	});

	it("refuses what is no JSON, and what is nested deeper than it can be read", () => {
		const deep = JSON.stringify(anIntakeDocument()).replace(/}$/, `,"deep":${"[".repeat(30_000)}${"]".repeat(30_000)}}`);
		for (const text of ["", "{", "\ufeff{}", deep]) assert.equal(read(text).ok, false);
	});
});

import Type, { type Static } from "typebox";
import type { FieldError } from "./errors.ts";
import { isCurrency } from "./money.ts";

// Order documents that other systems hand in: their shape, and the rules that no schema can say. Members that are not named here
// are kept as they came and mean nothing to us. Names are theirs, hence the snake case.

const filled = Type.String({ pattern: "\\S" });
const alphanumeric = (from: number, to: number) => Type.String({ pattern: `^[A-Za-z0-9]{${from},${to}}$` });
const cost = Type.Number({ minimum: 0 });
const positive = Type.Integer({ exclusiveMinimum: 0 });

/** RFC 3339 §5.6, but for the days of the month, which `intakeErrors` counts. */
const timePattern =
	"^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])[Tt](?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)$";

/** One @, a dotted domain of letters, digits and hyphens, no white space or quoting. */
const emailPattern =
	'^[^\\s@"(),:;<>\\[\\]\\\\]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])$';

const Item = Type.Object({
	chrt_id: positive,
	nm_id: positive,
	track_number: Type.String({ description: "The order's" }),
	price: cost,
	rid: filled,
	name: filled,
	sale: Type.Number({ minimum: 0, maximum: 100 }),
	total_price: cost,
	brand: filled,
});

export const IntakeDocument = Type.Object(
	{
		order_uid: alphanumeric(10, 50),
		track_number: alphanumeric(1, 50),
		entry: Type.String({ maxLength: 20 }),
		delivery: Type.Object({
			name: filled,
			phone: Type.String({ pattern: "^\\+?[0-9]+$" }),
			zip: filled,
			city: filled,
			address: filled,
			region: filled,
			email: Type.String({ pattern: emailPattern }),
		}),
		payment: Type.Object({
			transaction: Type.String({ description: "The order_uid" }),
			currency: Type.String({ description: "ISO 4217" }),
			provider: filled,
			amount: Type.Integer({ minimum: 0, maximum: 10_000_000 }),
			payment_dt: Type.Number({ exclusiveMinimum: 0 }),
			delivery_cost: cost,
			goods_total: cost,
			custom_fee: cost,
		}),
		items: Type.Array(Item, { minItems: 1, maxItems: 100 }),
		locale: Type.String({ pattern: "^[A-Za-z]{2}$" }),
		customer_id: filled,
		delivery_service: filled,
		shardkey: filled,
		sm_id: Type.Integer({ minimum: 0, maximum: 999 }),
		date_created: Type.String({ pattern: timePattern, description: "RFC 3339" }),
		oof_shard: filled,
	},
	{ $id: "IntakeDocument", description: "An order document of another system; further members are kept" },
);
export type IntakeDocument = Static<typeof IntakeDocument>;

/** Bytes of one document, wherever many come together. */
export const documentLimit = 64 * 1024;

/** What became of one document. */
export type IntakeOutcome =
	| { ok: true; id: string }
	| { ok: false; code: "VALIDATION" | "ORDER_EXISTS"; detail: string; errors?: readonly FieldError[] };

/** What the patterns say, in words; for anything else the schema's own words will do. */
const words: readonly (readonly [RegExp, string])[] = [
	[/^\/order_uid$/, "must be 10 to 50 letters and digits"],
	[/^\/track_number$/, "must be 1 to 50 letters and digits"],
	[/^\/locale$/, "must be 2 letters"],
	[/^\/date_created$/, "must be a time as in RFC 3339"],
	[/^\/delivery\/phone$/, "must be digits, after an optional +"],
	[/^\/delivery\/email$/, "must be a valid e-mail address"],
];

/** In the words of the rules instead of a regular expression's. */
export const inWords = (error: FieldError): FieldError => {
	const detail = error.detail === "is required" ? undefined : words.find(([pointer]) => pointer.test(error.pointer))?.[1];
	return detail ? { pointer: error.pointer, detail } : error;
};

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48;

const daysIn = (year: number, month: number): number => {
	if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
	return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
};

/** Of a text that has the right form. Reads digits in place: this runs for every document. */
const isDay = (text: string): boolean => {
	const year = digit(text, 0) * 1000 + digit(text, 1) * 100 + digit(text, 2) * 10 + digit(text, 3);
	return digit(text, 8) * 10 + digit(text, 9) <= daysIn(year, digit(text, 5) * 10 + digit(text, 6));
};

type Rule = readonly [pointer: string, detail: string, holds: (document: IntakeDocument) => boolean];

const rules: readonly Rule[] = [
	["/payment/transaction", "must be the order_uid", ({ payment, order_uid }) => payment.transaction === order_uid],
	["/payment/currency", "must be a currency code of ISO 4217", ({ payment }) => isCurrency(payment.currency)],
	["/date_created", "must be a day that its month has", ({ date_created }) => isDay(date_created)],
];

const strayItem = ({ items, track_number }: IntakeDocument, from: number): number => {
	for (let at = from; at < items.length; at++) if (items[at]?.track_number !== track_number) return at;
	return -1;
};

const keepsAll = (document: IntakeDocument): boolean => {
	for (const [, , holds] of rules) if (!holds(document)) return false;
	return strayItem(document, 0) < 0;
};

/**
 * The rules beyond the schema, for a document that fits it: null if all hold, else one error a field with its JSON Pointer
 * (RFC 6901). A good document costs no allocation.
 */
export const intakeErrors = (document: IntakeDocument): FieldError[] | null => {
	if (keepsAll(document)) return null;
	const errors: FieldError[] = rules.flatMap(([pointer, detail, holds]) => (holds(document) ? [] : [{ pointer, detail }]));
	for (let at = strayItem(document, 0); at >= 0; at = strayItem(document, at + 1)) {
		errors.push({ pointer: `/items/${at}/track_number`, detail: "must be the order's track_number" });
	}
	return errors;
};

import type { FieldError } from "../../contracts/errors.ts";
import { bodyHash } from "../../contracts/ids.ts";
import { IntakeDocument, type IntakeOutcome, intakeErrors, inWords } from "../../contracts/intake.ts";
import { compileCheck } from "../../middlewares/field-errors.ts";

// An order document of another system: from the text that came to what is kept of it, or to why it is refused.

/** What is kept. The text is kept, not what was read from it: member order, long numbers and doubled members are the sender's. */
export interface IntakeRecord {
	/** order_uid */
	_id: string;
	text: string;
	/** Of the content: the same document written otherwise has the same. */
	hash: string;
	customerId: string;
	/** ISO 8601, UTC: when it was taken in first. */
	receivedAt: string;
	/** Whom it was about is gone, and its text with them. */
	erased?: true;
	/** The request that brought it, if that had a name and brought it alone. */
	requestKey?: string;
}

export type Refused = Extract<IntakeOutcome, { ok: false }>;
export type Reading = { ok: true; record: IntakeRecord } | Refused;

const checkShape = compileCheck(IntakeDocument);

/** Null for a document that keeps all the rules, else one error a field. */
export const validateDocument = (value: unknown): FieldError[] | null => {
	const errors = checkShape(value);
	return errors ? errors.map(inWords) : intakeErrors(value as IntakeDocument); // it fits the schema
};

const invalid = (errors: readonly FieldError[]): Refused => ({
	ok: false,
	code: "VALIDATION",
	detail: errors.map(({ pointer, detail }) => `${pointer || "The document"} ${detail}`).join("; "),
	errors,
});

export const conflicting: Refused = {
	ok: false,
	code: "ORDER_EXISTS",
	detail: "An order document with this order_uid and other content was taken in before",
	errors: [{ pointer: "/order_uid", detail: "was taken in before with other content" }],
};

const parse = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch (error) {
		if (error instanceof SyntaxError) return undefined; // which JSON has no word for
		throw error;
	}
};

const hashOf = (value: unknown): string | null => {
	try {
		return bodyHash(value);
	} catch (error) {
		// Members that no rule knows may be nested deeper than the stack is.
		if (error instanceof RangeError) return null;
		throw error;
	}
};

/** For whoever looks at what was refused: the document and its order_uid, as far as they can be read. */
export const documentIn = (text: string): { document?: unknown; entity?: string } => {
	const document = parse(text);
	// One that is nested too deeply could not be written again.
	if (document === null || typeof document !== "object" || hashOf(document) === null) return {};
	const { order_uid } = document as { order_uid?: unknown };
	return { document, ...(typeof order_uid === "string" && { entity: order_uid.slice(0, 100) }) };
};

export const readDocument = (text: string, receivedAt: string): Reading => {
	const value = parse(text);
	if (value === undefined) return invalid([{ pointer: "", detail: "is not JSON" }]);
	const errors = validateDocument(value);
	if (errors) return invalid(errors);
	const { order_uid, customer_id } = value as IntakeDocument; // it was validated
	const hash = hashOf(value);
	if (hash === null) return invalid([{ pointer: "", detail: "is nested too deeply" }]);
	return { ok: true, record: { _id: order_uid, text: text.trim(), hash, customerId: customer_id, receivedAt } };
};

/** The first of each id; the others are held against it, as if it had come before them. */
export const firstOfEach = (readings: readonly Reading[]): IntakeRecord[] => {
	const first = new Map<string, IntakeRecord>();
	for (const reading of readings) {
		if (reading.ok && !first.has(reading.record._id)) first.set(reading.record._id, reading.record);
	}
	return [...first.values()];
};

/** `kept` are the records of that id as they stand in the store now. */
export const outcomeOf = (reading: Reading, kept: ReadonlyMap<string, IntakeRecord>): IntakeOutcome => {
	if (!reading.ok) return reading;
	const { _id, hash } = reading.record;
	return kept.get(_id)?.hash === hash ? { ok: true, id: _id } : conflicting;
};

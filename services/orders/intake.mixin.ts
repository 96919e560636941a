import type { ActionHandler, Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { documentLimit, type IntakeOutcome } from "../../contracts/intake.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { callerOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import type { DocumentRefusal, DocumentSubscription } from "../../mixins/durable-events/port.ts";
import { documentIn, firstOfEach, type IntakeRecord, outcomeOf, type Reading, readDocument } from "./intake-document.ts";
import { iso, type OrdersService } from "./orders-base.ts";

// Order documents of other systems. Each is one record under its order_uid, written once: whatever died between the write and the
// answer, the same document again finds the record and is told the same.

const byId = (records: readonly IntakeRecord[]): Map<string, IntakeRecord> =>
	new Map(records.map((record) => [record._id, record]));

const store = async ({ store: { intake_documents } }: OrdersService, readings: readonly Reading[]): Promise<IntakeOutcome[]> => {
	const records = firstOfEach(readings);
	const created = records.length > 0 ? await intake_documents.createMany(records) : 0;
	// Fewer: some were there, from an earlier delivery, from somebody else at this moment, or from our own try whose answer was lost.
	const kept = created === records.length ? records : await intake_documents.findByIds(records.map(({ _id }) => _id));
	const known = byId(kept);
	return readings.map((reading) => outcomeOf(reading, known));
};

/** Takes documents in, as text; resolves when those that are `ok` are durable. Outcomes are in the order of the texts. */
export const takeIn = (service: OrdersService, texts: readonly string[]): Promise<IntakeOutcome[]> => {
	const now = iso(clock.now());
	return store(
		service,
		texts.map((text) => readDocument(text, now)),
	);
};

const refusalOf = (outcome: IntakeOutcome, text: string): DocumentRefusal | null => {
	if (outcome.ok) return null;
	const document = documentIn(text);
	return { reason: `${outcome.code}: ${outcome.detail}`, ...document };
};

/** What came over the bus. A refusal is final; that the store is away is thrown, and waited for. */
const fromBus = (service: OrdersService): DocumentSubscription => ({
	group: "intake",
	service: service.name,
	kind: "orders",
	maxBytes: documentLimit,
	take: async (texts) => (await takeIn(service, texts)).map((outcome, index) => refusalOf(outcome, texts[index] ?? "")),
});

/** Answers how to stop. */
export const startIntake = async (service: OrdersService): Promise<(() => Promise<void>) | undefined> =>
	service.bus?.subscribeDocuments(fromBus(service));

async function intake(
	this: OrdersService,
	ctx: Context<{ rawBody: string }, CallMeta>,
): Promise<Extract<IntakeOutcome, { ok: true }>> {
	const { key, named } = requestOf(ctx);
	const reading = readDocument(ctx.params.rawBody, iso(clock.now()));
	if (!reading.ok) throw new DomainError(reading.code, reading.detail, { errors: reading.errors ?? [] });
	const record = named ? { ...reading.record, requestKey: key } : reading.record;
	const { created, document } = await this.store.intake_documents.create(record);
	const outcome = outcomeOf(reading, byId([document]));
	if (!outcome.ok) throw new DomainError(outcome.code, outcome.detail, { errors: outcome.errors ?? [] });
	if (!created && named) ctx.meta.replayed = document.requestKey === key;
	return outcome;
}

function intakeBatch(this: OrdersService, ctx: Context<{ documents: string[] }>): Promise<IntakeOutcome[]> {
	return takeIn(this, ctx.params.documents);
}

const mayRead = ({ customerId }: IntakeRecord, ctx: Context<unknown, CallMeta>): boolean => {
	if (ctx.meta.service) return ctx.meta.service.scopes.includes("intake");
	const { id, roles } = callerOf(ctx);
	return roles.includes("admin") || id === customerId;
};

/** The document's text. Strangers do not learn that it exists. */
async function intakeDocument(this: OrdersService, ctx: Context<{ id: string }, CallMeta>): Promise<string> {
	const record = await this.store.intake_documents.findById(ctx.params.id);
	if (!record || record.erased || !mayRead(record, ctx)) throw new DomainError("NOT_FOUND");
	ctx.meta.verbatim = true;
	return record.text;
}

/** The cast is for `this`, as in orders-base.ts. */
const action = (handler: unknown): ActionHandler => handler as ActionHandler;

export const orderIntake: Partial<ServiceSchema> = {
	actions: {
		intake: { visibility: "published", params: typed(Type.Object({ rawBody: Type.String() })), handler: action(intake) },
		/** The lines of one request, some at a time. The gateway has admitted who sends them. */
		intakeBatch: {
			visibility: "published",
			params: typed(Type.Object({ documents: Type.Array(Type.String(), { maxItems: 1_000 }) })),
			handler: action(intakeBatch),
		},
		/** The gateway asks for it, once no order of ours has that id: older clients share the path. */
		intakeDocument: {
			visibility: "public",
			params: typed(Type.Object({ id: Type.String() })),
			handler: action(intakeDocument),
		},
	},
};

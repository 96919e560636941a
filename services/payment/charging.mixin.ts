import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { profile } from "../../config/profile.ts";
import type { DomainEvent, OrderFacts } from "../../contracts/events.ts";
import { Id } from "../../contracts/http/common.ts";
import type { PaymentStatus } from "../../contracts/http/orders.ts";
import { Money } from "../../contracts/money.ts";
import { productNameOf } from "../../contracts/product-name.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { causeOf } from "../../mixins/call-meta/call-meta.ts";
import { type Cause, createEntity } from "../../mixins/store/versioned.ts";
import { decideClose } from "./closing.ts";
import { dueWork } from "./due.ts";
import { type Closing, newPayment, newTombstone, type Payment, type PaymentRequest, paymentIdOf } from "./payment.ts";
import { momentOf, type PaymentService, write } from "./payment-base.ts";
import { isOpen } from "./payment-states.ts";
import { settle } from "./settling.ts";

// What orders want of payments, told by events or asked for: charge, and close. Both may come first, late and twice.

type Wanted = Omit<PaymentRequest, "provider" | "dueAt">;

/** Both absent when a node of an older version asks. */
const remindable = ({ productName, placedAt }: Wanted): Pick<PaymentRequest, "productName" | "placedAt" | "dueAt"> =>
	placedAt === undefined ? {} : { productName, placedAt, dueAt: Date.parse(placedAt) + profile().paymentDueAfter };

const request = ({ providers }: PaymentService, wanted: Wanted): PaymentRequest => {
	const [provider] = providers.keys();
	if (provider === undefined) throw new Error("no payment provider is configured");
	const { orderId, attempt, buyerId, sellerId, amount, method } = wanted;
	return { orderId, attempt, buyerId, sellerId, amount, method, provider, ...remindable(wanted) };
};

const wantedBy = ({ orderId, attempt, buyerId, sellerId, total, paymentMethod, items, createdAt }: OrderFacts): Wanted => ({
	...{ orderId, attempt, buyerId, sellerId, amount: total, method: paymentMethod },
	...{ productName: productNameOf(items), placedAt: createdAt },
});

/**
 * The payment is stored before the provider hears of it, and charged only by whoever stored it: everybody else who finds it
 * unsettled asks first. So a process that dies in between leaves something to find, and never a charge that nobody knows of.
 */
const begin = async (service: PaymentService, wanted: Wanted, cause: Cause): Promise<Payment> => {
	const draft = newPayment(request(service, wanted), momentOf(cause));
	const { created, entity } = await createEntity<Payment>(service.store.payments, draft, [], cause);
	return created ? settle(service, entity, { cause, first: "charge" }) : entity;
};

/** A payment that is found unsettled here waits for its deadline: whoever is at it right now is most likely alive. */
export async function onWanted(this: PaymentService, { params: event }: Context<DomainEvent<"order.placed">>): Promise<void> {
	await begin(this, wantedBy(event.data), causeOf({ requestID: event.requestid }));
}

type Why = Pick<Closing, "reason" | "by">;

/** Closes it, if need be by storing one that is closed from the start. */
const markClosed = async (service: PaymentService, wanted: Wanted, why: Why, cause: Cause): Promise<Payment> => {
	const id = paymentIdOf(wanted.orderId, wanted.attempt);
	const mark = () => write(service, id, (payment) => decideClose(payment, why, momentOf(cause)), cause);
	const found = await mark();
	if (found) return found.entity;
	const { payment, events } = newTombstone(request(service, wanted), why, momentOf(cause));
	const { created, entity } = await createEntity<Payment>(service.store.payments, payment, events, cause);
	return created ? entity : ((await mark())?.entity ?? entity);
};

const mustAct = (payment: Payment): boolean => {
	const work = dueWork(payment);
	return work !== null && work.kind !== "look";
};

const close = async (service: PaymentService, wanted: Wanted, why: Why, cause: Cause): Promise<void> => {
	const payment = await markClosed(service, wanted, why, cause);
	if (mustAct(payment)) await settle(service, payment, { cause });
};

type OrderEnded = DomainEvent<"order.cancelled" | "order.expired">;

/** Attempts before the last were declined when it began; closed too, they give back what turns out to have been taken after all. */
export async function onOrderEnded(this: PaymentService, { params: event }: Context<OrderEnded>): Promise<void> {
	const cause = causeOf({ requestID: event.requestid });
	const by = "by" in event.data ? event.data.by : "system";
	const why = { reason: event.type === "order.expired" ? "order_expired" : "order_cancelled", by };
	for (let { attempt } = event.data; attempt >= 1; attempt--) {
		await close(this, { ...wantedBy(event.data), attempt }, why, cause);
	}
}

export interface PaymentState {
	paymentId: string;
	orderId: string;
	attempt: number;
	status: PaymentStatus;
	declineCode?: string;
}

const stateOf = ({ _id, orderId, attempt, status, declineCode }: Payment): PaymentState => ({
	paymentId: _id,
	orderId,
	attempt,
	status,
	...(declineCode !== undefined && { declineCode }),
});

/** How the payment stands. Charges it if there is none; asks the provider if it is not settled. */
async function ensure(this: PaymentService, ctx: Context<Wanted>): Promise<PaymentState> {
	const cause = causeOf(ctx);
	const { orderId, attempt } = ctx.params;
	const found = await this.store.payments.findById(paymentIdOf(orderId, attempt));
	if (!found) return stateOf(await begin(this, ctx.params, cause));
	const unsettled = isOpen(found.status) || mustAct(found);
	return stateOf(unsettled ? await settle(this, found, { cause }) : found);
}

/** The order does not keep this money: it goes back, now or once it turns out to be captured. */
async function refundUnwanted(
	this: PaymentService,
	ctx: Context<{ paymentId: string; reason: string }>,
): Promise<PaymentState | null> {
	const cause = causeOf(ctx);
	const { paymentId, reason } = ctx.params;
	const why = { reason, by: "system" };
	const closed = await write(this, paymentId, (payment) => decideClose(payment, why, momentOf(cause)), cause);
	if (!closed) return null;
	return stateOf(mustAct(closed.entity) ? await settle(this, closed.entity, { cause }) : closed.entity);
}

const EnsureParams = Type.Object({
	paymentId: Id,
	orderId: Id,
	attempt: Type.Integer({ minimum: 1 }),
	buyerId: Id,
	sellerId: Id,
	amount: Money,
	method: Type.String({ minLength: 1, maxLength: 64 }),
	productName: Type.Optional(Type.String({ maxLength: 1_000 })),
	placedAt: Type.Optional(Type.String({ format: "date-time" })),
});
const UnwantedParams = Type.Object({ paymentId: Id, reason: Type.String({ minLength: 1, maxLength: 100 }) });

const durable = { group: "payment" };

export const charging = {
	events: {
		"order.placed": { durable, handler: onWanted },
		"order.payment_requested": { durable, handler: onWanted },
		"order.cancelled": { durable, handler: onOrderEnded },
		"order.expired": { durable, handler: onOrderEnded },
	},
	actions: {
		ensure: { visibility: "public", params: typed(EnsureParams), handler: ensure },
		refundUnwanted: { visibility: "public", params: typed(UnwantedParams), handler: refundUnwanted },
	},
} as unknown as Partial<ServiceSchema>; // the cast is for `this`: a mixin cannot tell Moleculer's types which service it will be part of

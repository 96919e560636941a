import type { Context, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import type { PaymentStatus } from "../../contracts/http/orders.ts";
import { productNameOf } from "../../contracts/product-name.ts";
import { everyUnderLease, type LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import type { Cause } from "../../mixins/store/versioned.ts";
import { answerDelay } from "./deadline.ts";
import type { Order } from "./order.ts";
import { iso, type OrdersService } from "./orders-base.ts";
import {
	decidePayment,
	newsOf,
	type PaymentDecision,
	type PaymentEvent,
	type PaymentNews,
	unwantedMoney,
} from "./payment-news.ts";
import { changeOrder } from "./writing.ts";

// What payments say, as events and in answer to the reconciler. Both go the same way; what a second run of either does:
//   before the update:              the same decision, the same update
//   after the update:               decides "no change", by the table
//   update done, refund not asked:  the decision says again that the money is unwanted; the refund itself is done once
//   event not published:            it is in the order's outbox; the sweeper publishes it

/** Answer of payment.ensure. */
interface PaymentState {
	paymentId: string;
	orderId: string;
	attempt: number;
	status: PaymentStatus;
	declineCode?: string;
}

const decide = async (service: OrdersService, orderId: string, news: PaymentNews, cause: Cause): Promise<PaymentDecision> => {
	// Money for an order that is not there (a restored backup) is nobody's: it goes back too.
	let decision: PaymentDecision = { change: null, refundUnwanted: unwantedMoney(news) };
	await changeOrder(
		service,
		orderId,
		(order) => {
			decision = decidePayment(order, news, iso(cause.at));
			return decision.change;
		},
		cause,
		service.justPlaced.take(orderId),
	);
	return decision;
};

const settle = async (service: OrdersService, orderId: string, news: PaymentNews, cause: Cause): Promise<void> => {
	const { refundUnwanted } = await decide(service, orderId, news, cause);
	if (!refundUnwanted) return;
	service.logger.info(`Payment ${refundUnwanted} took money that order ${orderId} does not wait for: it goes back`);
	await service.broker.call("payment.refundUnwanted", { paymentId: refundUnwanted, reason: "order_not_waiting" });
};

export async function onPayment(this: OrdersService, { params: event }: Context<PaymentEvent>): Promise<void> {
	const { orderId, ...news } = newsOf(event);
	await settle(this, orderId, news, { at: clock.now(), requestid: event.requestid });
}

/** Asks how the order's payment stands, and takes the answer. */
export const ask = async (service: OrdersService, order: Order): Promise<void> => {
	const { _id: orderId, buyerId, sellerId, totals, payment, createdAt: placedAt } = order;
	const { id: paymentId, attempt, method } = payment;
	const amount = totals.total;
	const state = await service.broker.call<PaymentState, object>("payment.ensure", {
		...{ paymentId, orderId, attempt, buyerId, sellerId, amount, method },
		...{ productName: productNameOf(order.items), placedAt },
	});
	const { status, declineCode } = state;
	await settle(service, orderId, { paymentId, attempt, status, amount, declineCode }, { at: clock.now() });
};

/**
 * The deadline moves before the question: a process that dies over an order, or an order that always fails, does not keep the
 * others from being asked about. Null: it was settled, or asked about elsewhere, since it was found.
 */
const claim = async ({ store }: OrdersService, order: Order): Promise<Order | null> => {
	const { _id, answerDue, answerTries, payment } = order;
	const now = clock.now();
	// A store may match by its index and answer a document that was claimed a moment later.
	if (answerDue === undefined || answerDue > now) return null;
	const next = now + answerDelay(profile().answerDeadline, answerTries + 1, payment.status);
	return store.orders.update({ _id, answerDue }, { $set: { answerDue: next }, $inc: { answerTries: 1 } });
};

const askAbout = async (service: OrdersService, order: Order): Promise<void> => {
	const claimed = await claim(service, order);
	if (!claimed) return;
	try {
		await ask(service, claimed);
	} catch (error) {
		service.logger.warn(
			`The payment of order ${order._id} was asked about without an answer, question ${claimed.answerTries}:`,
			error,
		);
	}
};

const batchSize = 50;

/** All orders whose answer is overdue, oldest first, until none is left or the lease is lost. */
export async function askForAnswers(this: OrdersService, signal: AbortSignal): Promise<void> {
	for (let full = true; full && !signal.aborted; ) {
		const due = await this.store.orders.find({
			where: { answerDue: { $lte: clock.now() } },
			sort: [["answerDue", 1]],
			limit: batchSize,
		});
		await Promise.all(due.map((order) => askAbout(this, order)));
		full = due.length === batchSize;
	}
}

export const startAsking = (service: OrdersService): LeasedJob => {
	const { reconcileEvery, leaseTimeout } = profile();
	return everyUnderLease({
		name: "orders.answers",
		leases: service.store.leases,
		timeoutMs: leaseTimeout,
		everyMs: reconcileEvery,
		run: (signal) => askForAnswers.call(service, signal),
		logger: service.logger,
	});
};

const durable = (type: DomainEvent["type"]) => ({ [type]: { durable: { group: "orders" }, handler: onPayment } });

export const settling: Partial<ServiceSchema> = {
	events: {
		...durable("payment.captured"),
		...durable("payment.declined"),
		...durable("payment.requires_action"),
		...durable("payment.voided"),
		...durable("payment.refunded"),
	},
};

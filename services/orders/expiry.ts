import type { OrderStatus, PaymentStatus } from "../../contracts/http/orders.ts";
import { guardFacts, type Order, type OrderChange, orderFacts } from "./order.ts";
import { orderMachine } from "./order-states.ts";

// When an order has waited long enough for its money. It ends by the table like every other move; what is added here is that nobody
// gives up on a payment of which the provider has not said how it ended.

/** In these a charge may be on its way. */
export const unknownOutcomes = ["processing", "authorized"] as const satisfies readonly PaymentStatus[];
/** From these the table knows a way to `expired`; a test holds it against this. */
export const unpaidStatuses = ["placed", "payment_declined"] as const satisfies readonly OrderStatus[];

const unknown: ReadonlySet<PaymentStatus> = new Set(unknownOutcomes);

/** Null: it is not due, it is settled otherwise, or its payment's outcome is not known yet. `now` in epoch ms, `at` the same in ISO. */
export const decideExpiry = (order: Order, { now, at }: { now: number; at: string }): OrderChange | null => {
	const { expiresAt, status, payment } = order;
	if (expiresAt === undefined || expiresAt > now || unknown.has(payment.status)) return null;
	const step = orderMachine.next(status, "expire", guardFacts(order));
	if (!step.ok) return null;
	return {
		set: { status: step.to },
		unset: ["answerDue", "expiresAt"],
		push: { history: { from: status, to: step.to, event: "expire", by: "system", at } },
		events: [{ type: "order.expired", subject: order._id, data: orderFacts(order) }],
	};
};

/** Whether this payment is the one that the order waits for, and there is still time for it. */
export const awaitsPayment = ({ status, payment, expiresAt }: Order, paymentId: string, now: number): boolean =>
	unpaidStatuses.some((unpaid) => unpaid === status) && payment.id === paymentId && (expiresAt === undefined || expiresAt > now);

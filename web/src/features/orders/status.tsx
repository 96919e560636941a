import type { OrderStatus, OrderView, PaymentStatus } from "../../../../contracts/http/orders.ts";
import { Badge, type Tone } from "../../ui/states.tsx";

export const statuses: Readonly<Record<OrderStatus, readonly [name: string, tone: Tone]>> = {
	placed: ["Placed", "info"],
	paid: ["Paid", "ok"],
	payment_declined: ["Payment declined", "danger"],
	cancelled: ["Cancelled", "plain"],
	expired: ["Expired", "plain"],
	shipped: ["Shipped", "info"],
	delivered: ["Delivered", "ok"],
};

const payments: Readonly<Record<PaymentStatus, string>> = {
	processing: "Being processed",
	requires_action: "Waits for you to confirm",
	authorized: "Authorised",
	captured: "Paid",
	declined: "Declined",
	voided: "Voided",
	partially_refunded: "Refunded in part",
	refunded: "Refunded",
};

/** A status that came after this page was built is shown as it is. */
const known = (status: string): readonly [name: string, tone: Tone] => statuses[status as OrderStatus] ?? [status, "plain"];

export const statusName = (status: string): string => known(status)[0];
export const paymentName = (status: string): string => payments[status as PaymentStatus] ?? status;

export const StatusBadge = ({ status }: { status: string }) => {
	const [name, tone] = known(status);
	return <Badge tone={tone}>{name}</Badge>;
};

/** It will change by itself in a moment. */
export const isMoving = ({ status, payment }: OrderView): boolean => status === "placed" && payment.status === "processing";

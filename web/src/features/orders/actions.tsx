import { useState } from "react";
import type { Me } from "../../../../contracts/http/auth.ts";
import type { OrderView } from "../../../../contracts/http/orders.ts";
import { Link } from "../../router/router.tsx";
import { CancelDialog, PayDialog } from "./buyer-dialogs.tsx";
import { DeliverDialog, RefundDialog, ShipDialog, TrackDialog } from "./seller-dialogs.tsx";

type Open = "cancel" | "pay" | "ship" | "tracking" | "deliver" | "refund";

const mayRefund = ({ sellerId, payment }: OrderView, { id, roles }: Me): boolean =>
	(sellerId === id || roles.includes("admin")) && (payment.status === "captured" || payment.status === "partially_refunded");

/** What this person may do now, as the server says. */
export const Actions = ({ order, me }: { order: OrderView; me: Me }) => {
	const [open, setOpen] = useState<Open>();
	const may = (action: OrderView["allowed"][number]): boolean => order.allowed.includes(action);
	const confirms = order.payment.status === "requires_action" && order.status === "placed" && order.buyerId === me.id;
	const refunds = mayRefund(order, me);
	if (order.allowed.length === 0 && !confirms && !refunds) return null;
	const button = (action: Open, words: string, kind = "") => (
		<button type="button" className={`btn ${kind}`} onClick={() => setOpen(action)}>
			{words}
		</button>
	);
	const close = (): void => setOpen(undefined);
	return (
		<section aria-label="Actions" className="flex flex-wrap gap-2">
			{confirms && (
				<Link to={`/app/orders/${order.id}/confirm`} className="btn btn-main">
					Confirm the payment
				</Link>
			)}
			{may("pay") && button("pay", "Pay again", "btn-main")}
			{may("ship") && button("ship", "Ship", "btn-main")}
			{may("tracking") && button("tracking", "Say where it is")}
			{may("deliver") && button("deliver", "Delivered", "btn-main")}
			{refunds && button("refund", "Refund")}
			{may("cancel") && button("cancel", "Cancel the order", "btn-danger")}
			{open === "cancel" && <CancelDialog order={order} onClose={close} />}
			{open === "pay" && <PayDialog order={order} onClose={close} />}
			{open === "ship" && <ShipDialog order={order} onClose={close} />}
			{open === "tracking" && <TrackDialog order={order} onClose={close} />}
			{open === "deliver" && <DeliverDialog order={order} onClose={close} />}
			{open === "refund" && <RefundDialog order={order} onClose={close} />}
		</section>
	);
};

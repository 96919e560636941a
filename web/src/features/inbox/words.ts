import type { NotificationBody } from "../../../../contracts/notifications.ts";
import { moneyText } from "../../ui/format.tsx";

export interface Words {
	title: string;
	text: string;
	/** A page of this client; null: there is none. */
	to: string | null;
}

const purchase = {
	placed: "New order",
	paid: "Order paid",
	cancelled: "Order cancelled",
	expired: "Order expired",
	refunded: "Money given back",
};

/** Only what is a path of ours: a link that somebody else wrote leads nowhere. */
const ownPath = (link: string): string | null => {
	const url = URL.parse(link, location.origin);
	return url && url.origin === location.origin && url.pathname.startsWith("/app/") ? url.pathname + url.search : null;
};

/** A notification in words. */
export const wordsFor = (body: NotificationBody): Words => {
	switch (body.notification_type) {
		case "announcement": {
			const { title, description, link } = body.payload;
			return { title, text: description, to: ownPath(link) };
		}
		case "purchase_notification": {
			const { status, product_name, order_id, amount, currency } = body.payload;
			const title = purchase[status as keyof typeof purchase] ?? `Order ${status}`;
			return { title, text: `${product_name}, ${moneyText({ amount, currency })}`, to: `/app/orders/${order_id}` };
		}
		case "payment_reminder_notification": {
			const { message, order_id } = body.payload;
			return { title: "Payment", text: message, to: `/app/orders/${order_id}` };
		}
		case "shipping_update_notification": {
			const { status, location: place, tracking_number, order_id } = body.payload;
			const text = [tracking_number, place].filter(Boolean).join(", ");
			return { title: `Your order: ${status.replaceAll("_", " ")}`, text, to: `/app/orders/${order_id}` };
		}
		case "chat_notification": {
			const { sender_name, content, stream_id } = body.payload;
			return { title: sender_name, text: content, to: `/app/chat/${stream_id}` };
		}
		default:
			return { title: "Notification", text: "", to: null };
	}
};

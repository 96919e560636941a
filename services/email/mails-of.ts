import type { DomainEvent, OrderFacts } from "../../contracts/events.ts";
import type { NotificationBody } from "../../contracts/notifications.ts";
import { productNameOf } from "../../contracts/product-name.ts";

// Who gets which mail about what happened.

export type NotificationKind = NotificationBody["notification_type"];

/** A mail that somebody should get. Not yet a message: whom it goes to, and whether they want it, is looked up when it is sent. */
export interface MailDraft {
	userId: string;
	/** Of templates/. */
	template: string;
	/** What its recipient's preferences call it; null: it obeys none. */
	kind: NotificationKind | null;
	/** For the template; JSON. */
	data: Readonly<Record<string, unknown>>;
}

const orderData = ({ orderId, code, items, total }: OrderFacts) => ({ orderId, code, productName: productNameOf(items), total });

export const mailsOf = (event: DomainEvent): MailDraft[] => {
	switch (event.type) {
		case "order.placed": {
			const facts = event.data as OrderFacts;
			return [{ userId: facts.sellerId, template: "purchase", kind: "purchase_notification", data: orderData(facts) }];
		}
		case "order.paid": {
			const facts = event.data as OrderFacts;
			return [{ userId: facts.buyerId, template: "order-paid", kind: "purchase_notification", data: orderData(facts) }];
		}
		default:
			return [];
	}
};

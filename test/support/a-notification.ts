import { newId } from "../../contracts/ids.ts";
import type { NotificationBody } from "../../contracts/notifications.ts";
import type { Delivery } from "../../services/notification/storing.adapter.ts";

export const aBody = (title = "Thank you"): NotificationBody => ({
	notification_type: "announcement",
	timestamp: "2026-01-01T00:00:00.000Z",
	payload: { topic: "order-created", title, description: "It is on its way", link: "/orders/1" },
});

export const aDelivery = (userId: string, more: Partial<Delivery> = {}): Delivery => ({
	userId,
	id: newId(),
	body: aBody(),
	...more,
});

import assert from "node:assert/strict";
import type { DomainEvent, EventData, EventType } from "../../../contracts/events.ts";
import { NotificationBody } from "../../../contracts/notifications.ts";
import { compileCheck } from "../../../middlewares/field-errors.ts";
import { chatNotification, type ToldType, tellingsOf, toldTypes } from "../../../services/notification/telling.ts";

const time = "2026-03-04T05:06:07.008Z";
const createdAt = "2026-03-04T05:00:00.000Z";
const money = (amount: number) => ({ amount, currency: "MYR" });
const line = (name: string) => ({ productId: name, name, quantity: 1, unitPrice: money(9_900), total: money(9_900) });

const order = {
	...{ orderId: "o1", code: "O00000001", buyerId: "bea", sellerId: "sal", items: [line("Satay"), line("Rice"), line("Tea")] },
	...{ total: money(29_700), attempt: 1, paymentId: "p1", paymentMethod: "sandbox_success", createdAt },
};
const payment = {
	...{ paymentId: "p1", orderId: "o1", attempt: 1, buyerId: "bea", sellerId: "sal", amount: money(29_700), method: "card" },
};
const refund = { refundId: "r1", refunded: money(800), refundedTotal: money(1_000), by: "sal" };
const named = { productName: "Satay and 2 more", purchasedAt: createdAt };

const event = <T extends EventType>(type: T, data: EventData[T]): DomainEvent<T> => ({
	...{ specversion: "1.0", id: "e1", source: "/souk/orders", type, subject: "o1", time, data },
});

const told = <T extends ToldType>(type: T, data: EventData[T]): Record<string, unknown> =>
	Object.fromEntries(tellingsOf(event(type, data) as DomainEvent<ToldType>).map(({ userId, body }) => [userId, body]));

const purchase = (status: string, change: object = {}) => ({
	notification_type: "purchase_notification",
	timestamp: time,
	payload: {
		...{ order_id: "o1", buyer_id: "bea", shop_owner_id: "sal", product_name: "Satay and 2 more" },
		...{ amount: 29_700, currency: "MYR", status, purchased_at: createdAt, ...change },
	},
});
const reminder = (payload: object) => ({
	notification_type: "payment_reminder_notification",
	timestamp: time,
	payload: { order_id: "o1", amount: 29_700, currency: "MYR", ...payload },
});
const shipping = (payload: object) => ({
	notification_type: "shipping_update_notification",
	timestamp: time,
	payload: { order_id: "o1", tracking_number: "T1", updated_at: time, ...payload },
});

describe("notification: who is told of what", () => {
	it("the buyer that the order was placed, the seller that somebody buys", () => {
		const announcement = {
			notification_type: "announcement",
			timestamp: time,
			payload: {
				topic: "order-created",
				title: "Your order was placed",
				description: "Order O00000001: Satay and 2 more for MYR 297.00.",
				link: "/app/orders/o1",
			},
		};
		assert.deepEqual(told("order.placed", order), { bea: announcement, sal: purchase("placed") });
	});

	it("both that it is paid", () => {
		assert.deepEqual(told("order.paid", order), { bea: purchase("paid"), sal: purchase("paid") });
	});

	it("of a cancel whoever did not do it: the seller, the buyer, or both if it was an admin", () => {
		assert.deepEqual(told("order.cancelled", { ...order, by: "bea" }), { sal: purchase("cancelled") });
		assert.deepEqual(told("order.cancelled", { ...order, by: "sal", reason: "sold" }), { bea: purchase("cancelled") });
		const both = { bea: purchase("cancelled"), sal: purchase("cancelled") };
		assert.deepEqual(told("order.cancelled", { ...order, by: "root" }), both);
	});

	it("both that it expired", () => {
		assert.deepEqual(told("order.expired", order), { bea: purchase("expired"), sal: purchase("expired") });
	});

	it("of a refund whoever did not do it, with what went back this time", () => {
		const back = purchase("refunded", { amount: 800 });
		assert.deepEqual(told("payment.refunded", { ...payment, ...refund, ...named }), { bea: back });
		assert.deepEqual(told("payment.refunded", { ...payment, ...refund, ...named, by: "system" }), { bea: back, sal: back });
		assert.deepEqual(told("payment.refunded", { ...payment, ...refund, ...named, by: "bea" }), { sal: back });
	});

	it("of a refund that an older node told of, without what that did not say", () => {
		const back = purchase("refunded", { amount: 800, product_name: "", purchased_at: time });
		assert.deepEqual(told("payment.refunded", { ...payment, ...refund }), { bea: back });
	});

	it("the buyer that the payment was declined: it is due at once", () => {
		const message = "Your payment of MYR 297.00 for Satay and 2 more was declined.";
		const body = reminder({ due_date: time, days_overdue: 0, message });
		assert.deepEqual(told("order.payment_declined", { ...order, declineCode: "card_declined" }), { bea: body });
	});

	it("the buyer that a payment is due or overdue, as the payment says it", () => {
		const said = { dueDate: createdAt, daysOverdue: 3, message: "Your payment is 3 days overdue." };
		const body = reminder({ due_date: createdAt, days_overdue: 3, message: said.message });
		assert.deepEqual(told("payment.reminder_due", { ...payment, ...said, productName: "Satay" }), { bea: body });
	});

	it("the buyer where the parcel is: in transit, as the seller told, delivered", () => {
		const shipped = { ...order, carrier: "Pos", trackingNumber: "T1", estimatedDelivery: "tomorrow" };
		assert.deepEqual(told("order.shipped", shipped), { bea: shipping({ status: "in_transit", estimated_delivery: "tomorrow" }) });
		assert.deepEqual(told("order.shipped", { ...order, carrier: "Pos", trackingNumber: "T1" }), {
			bea: shipping({ status: "in_transit" }),
		});
		const tracked = { ...order, trackingNumber: "T1", status: "out_for_delivery", location: "Ipoh" };
		assert.deepEqual(told("order.tracking_updated", tracked), {
			bea: shipping({ status: "out_for_delivery", location: "Ipoh" }),
		});
		assert.deepEqual(told("order.delivered", { ...order, trackingNumber: "T1" }), { bea: shipping({ status: "delivered" }) });
	});

	it("one product by its name", () => {
		const one = { ...order, items: [line("Satay")] };
		assert.deepEqual(told("order.paid", one).bea, purchase("paid", { product_name: "Satay" }));
	});

	it("money without minor units without a point", () => {
		const inYen = { ...order, items: [line("Satay")], total: { amount: 297, currency: "JPY" } };
		const { description } = (told("order.placed", inYen).bea as { payload: { description: string } }).payload;
		assert.equal(description, "Order O00000001: Satay for JPY 297.");
	});

	it("whoever buys from themselves once", () => {
		const own = { ...order, sellerId: "bea" };
		assert.deepEqual(
			tellingsOf(event("order.placed", own)).map(({ userId, body }) => [userId, body.notification_type]),
			[["bea", "announcement"]],
		);
		assert.equal(tellingsOf(event("order.paid", own)).length, 1);
		assert.equal(tellingsOf(event("order.cancelled", { ...own, by: "bea" })).length, 0);
	});

	it("members who wrote, in the first 200 characters of the message", () => {
		const message = {
			...{ streamId: "g-1", messageId: "m1", seq: 7, senderId: "ann", senderName: "Ann", memberIds: ["bob"], content: "hi" },
		};
		const payload = { stream_id: "g-1", message_id: "m1", sender_id: "ann", sender_name: "Ann", content: "hi" };
		const expected = { notification_type: "chat_notification", timestamp: time, payload };
		assert.deepEqual(chatNotification(event("chat.message_posted", message)), expected);
		const { senderName: _left, ...nameless } = message;
		const who = (name?: string) => {
			const body = chatNotification(event("chat.message_posted", nameless), name);
			return "sender_name" in body.payload ? body.payload.sender_name : null;
		};
		assert.deepEqual([who("Ann"), who()], ["Ann", "Somebody"]);
	});

	it("with bodies that the contract allows, the same for the same event", () => {
		const check = compileCheck(NotificationBody);
		const shipped = { carrier: "Pos", trackingNumber: "T1", status: "in_transit", declineCode: "no", by: "root" };
		const data = { ...payment, ...order, ...shipped, ...refund, ...named, dueDate: createdAt, daysOverdue: 0, message: "due" };
		for (const type of toldTypes) {
			const one = { ...event("order.paid", order), type, data } as unknown as DomainEvent<ToldType>;
			const tellings = tellingsOf(one);
			assert.ok(tellings.length > 0, type);
			for (const { body } of tellings) assert.deepEqual(check(body), null, `${type} ${JSON.stringify(body)}`);
			assert.deepEqual(tellingsOf(structuredClone(one)), tellings);
		}
	});
});

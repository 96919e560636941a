import assert from "node:assert/strict";
import type { DomainEvent, EventData, EventType } from "../../../contracts/events.ts";
import { eventTypes } from "../../../contracts/events.ts";
import { mailedEvents, mailsOf } from "../../../services/email/mails-of.ts";
import { render } from "../../../services/email/templates/index.ts";

const money = { amount: 19_800, currency: "MYR" };
const order = {
	...{ orderId: "order1", code: "O00000001", buyerId: "buyer1", sellerId: "seller1", total: money, attempt: 1 },
	...{ paymentId: "payment1", paymentMethod: "sandbox_success", createdAt: "2026-11-21T16:00:00.000Z" },
	items: [
		{ productId: "1", name: "Chicken wing", quantity: 1, unitPrice: money, total: money },
		{ productId: "2", name: "Chicken rice", quantity: 1, unitPrice: money, total: money },
	],
};
const payment = { paymentId: "payment1", orderId: "order1", attempt: 1, buyerId: "buyer1", sellerId: "seller1", amount: money };
const due = { dueDate: "2026-11-20T00:00:00.000Z", daysOverdue: 1, message: "m", productName: "Chicken wing" };
const refund = { refundId: "refund1", refunded: money, refundedTotal: money, by: "seller1" };

const happened: { readonly [T in EventType]?: EventData[T] } = {
	"order.placed": order,
	"order.paid": order,
	"order.payment_declined": { ...order, declineCode: "card_declined" },
	"order.cancelled": { ...order, by: "seller1", reason: "sold out" },
	"order.expired": order,
	"order.shipped": { ...order, carrier: "Pos", trackingNumber: "T1" },
	"order.delivered": { ...order, trackingNumber: "T1" },
	"payment.refunded": { ...payment, method: "m", ...refund },
	"payment.reminder_due": { ...payment, method: "m", ...due },
	"chat.message_posted": {
		...{ streamId: "stream1", messageId: "message1", seq: 3, senderId: "ann", senderName: "Ann", content: "Hello" },
		memberIds: ["bo", "cy"],
	},
	"user.registered": { userId: "user1", email: "a@example.com", name: "Ann", roles: ["buyer"] },
	"user.verification_requested": { userId: "user1" },
	"user.password_reset_requested": { userId: "user1", requestId: "request1" },
	"user.password_changed": { userId: "user1" },
};

const eventOf = <T extends EventType>(type: T, data: EventData[T] | undefined): DomainEvent =>
	({
		specversion: "1.0",
		id: "event1",
		source: "/souk/test",
		type,
		subject: "s",
		time: "2026-11-21T16:05:00.000Z",
		data,
	}) as DomainEvent;

const summary = (type: EventType): string[] =>
	mailsOf(eventOf(type, happened[type])).map(({ userId, template, kind }) => `${userId}: ${template} (${kind ?? "always"})`);

describe("Who gets a mail", () => {
	it("follows from the event alone", () => {
		assert.deepEqual(Object.fromEntries(mailedEvents.map((type) => [type, summary(type)])), {
			"order.placed": ["seller1: purchase (purchase_notification)"],
			"order.paid": ["buyer1: order-paid (purchase_notification)"],
			"order.payment_declined": ["buyer1: order-declined (payment_reminder_notification)"],
			"order.cancelled": ["buyer1: order-cancelled (purchase_notification)"],
			"order.expired": ["buyer1: order-expired (purchase_notification)"],
			"order.shipped": ["buyer1: order-shipped (shipping_update_notification)"],
			"order.delivered": ["buyer1: order-delivered (shipping_update_notification)"],
			"payment.refunded": ["buyer1: refunded (purchase_notification)"],
			"payment.reminder_due": ["buyer1: payment-reminder (payment_reminder_notification)"],
			"chat.message_posted": ["bo: unread-chat (chat_notification)", "cy: unread-chat (chat_notification)"],
			"user.registered": ["user1: welcome (always)"],
			"user.verification_requested": ["user1: verification (always)"],
			"user.password_reset_requested": ["user1: password-reset (always)"],
			"user.password_changed": ["user1: password-changed (always)"],
		});
	});

	it("is nobody where nothing is told by mail: neither of each parcel scan nor of what the order tells as well", () => {
		const silent = eventTypes.filter((type) => !mailedEvents.includes(type));
		assert.ok(
			silent.includes("order.tracking_updated") && silent.includes("payment.captured") && silent.includes("user.deleted"),
		);
		for (const type of silent) assert.deepEqual(mailsOf(eventOf(type, undefined)), []);
	});

	it("gets all that its template needs, and no secret and no address with it", () => {
		const recipient = { name: "Ann", links: { home: "https://souk.example", token: "token" } };
		for (const type of mailedEvents) {
			for (const { template, data } of mailsOf(eventOf(type, happened[type]))) {
				assert.doesNotThrow(() => render(template, data, recipient), `${type}: ${template}`);
				assert.doesNotMatch(JSON.stringify(data), /token|password|@/i);
			}
		}
	});

	it("names a shop owner's product in the subject, and how many others there are", () => {
		const [draft] = mailsOf(eventOf("order.placed", order));
		const { subject } = render("purchase", draft?.data, { name: "Sam", links: { home: "https://souk.example" } });
		assert.equal(subject, "New purchase order: Chicken wing and 1 more");
	});

	it("hears who cancelled: they themselves, or somebody else and why", () => {
		const cancelled = (by: string) => mailsOf(eventOf("order.cancelled", { ...order, by }))[0]?.data;
		assert.equal((cancelled("buyer1") as { byBuyer: boolean }).byBuyer, true);
		assert.equal((cancelled("system") as { byBuyer: boolean }).byBuyer, false);
	});
});

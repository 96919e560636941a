import type { TemplateData, TemplateName } from "../../services/email/templates/data.ts";

/** Data for every template, with these words wherever people could have put theirs. */
export const sampleMails = (words = "Chicken rice", content = words): TemplateData => {
	const amount = { amount: 19_800, currency: "MYR" };
	const order = { orderId: "order1", code: "O00000001", productName: words, amount };
	const items = [
		{ name: words, quantity: 2, total: amount },
		{ name: `Also ${words}`, quantity: 1, total: { amount: 5, currency: "MYR" } },
	];
	const chat = (index: number, streamId: string) => ({
		eventId: `event${index}`,
		streamId,
		messageId: `message${index}`,
		seq: index,
		senderId: "sender1",
		senderName: words,
		content,
		at: "2026-11-21T16:05:00.000Z",
	});
	return {
		purchase: { ...order, items },
		"order-paid": { ...order, items },
		"order-declined": { ...order, declineCode: "insufficient_funds" },
		"order-cancelled": { ...order, byBuyer: false, reason: words },
		"order-expired": order,
		"order-shipped": { ...order, carrier: words, trackingNumber: words, estimatedDelivery: words },
		"order-delivered": { ...order, trackingNumber: words },
		refunded: { orderId: "order1", productName: words, refunded: amount, refundedTotal: amount, amount, reason: words },
		"payment-reminder": {
			orderId: "order1",
			productName: words,
			amount,
			dueDate: "2026-11-20T08:00:00.000Z",
			daysOverdue: 1,
		},
		"unread-chat": chat(1, "stream1"),
		"chat-digest": {
			period: "daily",
			items: [1, 2, 3, 4, 5].map((index) => chat(index, index < 5 ? "stream1" : "stream2")),
			more: false,
		},
		welcome: {},
		verification: {},
		"password-reset": { requestId: "request1" },
		"password-changed": { at: "2026-11-21T16:05:00.000Z" },
	};
};

export const sampleNames = Object.keys(sampleMails()) as readonly TemplateName[]; // its own keys

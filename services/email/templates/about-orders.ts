import { dayText, freeDay, moneyText } from "./amounts.ts";
import type { TemplateData } from "./data.ts";
import { type Block, button, facts, note, paragraph, say, type Words } from "./words.ts";

// What is said about orders and payments. `home` is where the web client lives, without a slash at its end.

const orderPage = (home: string, orderId: string): string => `${home}/app/orders/${encodeURIComponent(orderId)}`;

const goods = ({ items, amount }: TemplateData["purchase"]): Block => ({
	kind: "goods",
	rows: items.map(({ name, quantity, total }) => ({ what: say`${quantity} × ${name}`, price: moneyText(total) })),
	total: moneyText(amount),
});

const orderFacts = ({ code, amount }: TemplateData["order-expired"]): Block =>
	facts([
		["Order", code],
		["Total", moneyText(amount)],
	]);

export const purchase = (data: TemplateData["purchase"], home: string): Words => ({
	subject: say`New purchase order: ${data.productName}`,
	preheader: say`Order ${data.code} for ${moneyText(data.amount)}`,
	title: say`New purchase order`,
	blocks: [
		paragraph(say`Somebody ordered ${data.productName} from your shop.`),
		facts([["Order", data.code]]),
		goods(data),
		button("Look at the order", orderPage(home, data.orderId)),
		note(say`Ship it once it is paid.`),
	],
});

export const orderPaid = (data: TemplateData["order-paid"], home: string): Words => ({
	subject: say`Your order is paid: ${data.productName}`,
	preheader: say`We received ${moneyText(data.amount)} for order ${data.code}`,
	title: say`Thank you, your order is paid`,
	blocks: [
		paragraph(say`Your payment arrived. You hear from us again when the seller has shipped your order.`),
		facts([["Order", data.code]]),
		goods(data),
		button("Look at the order", orderPage(home, data.orderId)),
	],
});

const declineReasons: Readonly<Record<string, string>> = {
	insufficient_funds: "There was not enough money on the account.",
	expired_card: "The card has expired.",
	incorrect_cvc: "The security code of the card was wrong.",
	processing_error: "The bank could not process it just now.",
};

export const orderDeclined = (data: TemplateData["order-declined"], home: string): Words => ({
	subject: say`Your payment was declined: ${data.productName}`,
	preheader: say`Order ${data.code} is kept for you: pay again`,
	title: say`Your payment was declined`,
	blocks: [
		paragraph(say`We could not take ${moneyText(data.amount)} for ${data.productName}.`),
		...(declineReasons[data.declineCode] ? [paragraph([declineReasons[data.declineCode] ?? ""])] : []),
		paragraph(say`Your order is kept for a while. You can pay again, with another method if you like.`),
		orderFacts(data),
		button("Pay again", orderPage(home, data.orderId)),
	],
});

export const orderCancelled = (data: TemplateData["order-cancelled"], home: string): Words => ({
	subject: say`Your order was cancelled: ${data.productName}`,
	preheader: say`Order ${data.code} was cancelled`,
	title: say`Your order was cancelled`,
	blocks: [
		paragraph(
			data.byBuyer
				? say`You cancelled your order of ${data.productName}.`
				: say`Your order of ${data.productName} was cancelled.`,
		),
		facts([
			["Order", data.code],
			["Total", moneyText(data.amount)],
			["Reason", data.reason],
		]),
		paragraph(say`If you have paid already, the money goes back to you; we tell you when it does.`),
		button("Look at the order", orderPage(home, data.orderId)),
	],
});

export const orderExpired = (data: TemplateData["order-expired"], home: string): Words => ({
	subject: say`Your order has expired: ${data.productName}`,
	preheader: say`Order ${data.code} was not paid in time`,
	title: say`Your order has expired`,
	blocks: [
		paragraph(
			say`Your order of ${data.productName} was not paid in time, so it has ended. Should a payment still arrive, it goes back to you.`,
		),
		orderFacts(data),
		paragraph(say`If you still want it, order it again.`),
		button("Look at the order", orderPage(home, data.orderId)),
	],
});

export const orderShipped = (data: TemplateData["order-shipped"], home: string): Words => ({
	subject: say`Your order is on its way: ${data.productName}`,
	preheader: say`${data.carrier}, tracking number ${data.trackingNumber}`,
	title: say`Your order is on its way`,
	blocks: [
		paragraph(say`The seller has shipped ${data.productName}.`),
		facts([
			["Order", data.code],
			["Carrier", data.carrier],
			["Tracking number", data.trackingNumber],
			["Expected", data.estimatedDelivery === undefined ? undefined : freeDay(data.estimatedDelivery)],
		]),
		button("Follow it", orderPage(home, data.orderId)),
	],
});

export const orderDelivered = (data: TemplateData["order-delivered"], home: string): Words => ({
	subject: say`Your order was delivered: ${data.productName}`,
	preheader: say`Order ${data.code} has arrived`,
	title: say`Your order was delivered`,
	blocks: [
		paragraph(say`${data.productName} has arrived. If something is not as it should be, write to the seller.`),
		facts([
			["Order", data.code],
			["Tracking number", data.trackingNumber],
		]),
		button("Look at the order", orderPage(home, data.orderId)),
	],
});

export const refunded = (data: TemplateData["refunded"], home: string): Words => ({
	subject: say`Your refund: ${moneyText(data.refunded)}`,
	preheader: say`${moneyText(data.refunded)} goes back to you`,
	title: say`Your money goes back to you`,
	blocks: [
		paragraph(say`${moneyText(data.refunded)} was refunded. Depending on your bank it takes some days to arrive.`),
		facts([
			["For", data.productName],
			["Refunded", moneyText(data.refunded)],
			["Refunded so far", data.refundedTotal.amount === data.refunded.amount ? undefined : moneyText(data.refundedTotal)],
			["Paid", moneyText(data.amount)],
			["Reason", data.reason],
		]),
		button("Look at the order", orderPage(home, data.orderId)),
	],
});

const days = (count: number): string => (count === 1 ? "1 day" : `${count} days`);

export const paymentReminder = (data: TemplateData["payment-reminder"], home: string): Words => {
	const what = data.productName === "" ? "your order" : data.productName;
	const late = data.daysOverdue > 0;
	return {
		subject: late ? say`Your payment is ${days(data.daysOverdue)} overdue: ${what}` : say`Your payment is due: ${what}`,
		preheader: say`${moneyText(data.amount)}, due on ${dayText(data.dueDate)}`,
		title: late ? say`Your payment is overdue` : say`Your payment is due`,
		blocks: [
			paragraph(
				late
					? say`We are still waiting for your payment of ${moneyText(data.amount)} for ${what}.`
					: say`Your payment of ${moneyText(data.amount)} for ${what} is due.`,
			),
			facts([
				["Amount", moneyText(data.amount)],
				["Due", dayText(data.dueDate)],
				["Overdue", late ? days(data.daysOverdue) : undefined],
			]),
			button("Pay now", orderPage(home, data.orderId)),
			note(say`If you no longer want the order, cancel it there and nothing is charged.`),
		],
	};
};

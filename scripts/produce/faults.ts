import type { Draft } from "./documents.ts";

// Ten ways in which an order document is wrong, and the field that a refusal has to name.

export interface Fault {
	name: string;
	pointer: string;
	change: (document: Draft) => Partial<Draft>;
}

export const faults: readonly Fault[] = [
	{
		name: "short uid",
		pointer: "/order_uid",
		change: ({ order_uid, payment }) => {
			const short = order_uid.slice(0, 9);
			return { order_uid: short, payment: { ...payment, transaction: short } };
		},
	},
	{
		name: "bad track number",
		pointer: "/track_number",
		change: ({ items }) => ({ track_number: "SK-1", items: items.map((item) => ({ ...item, track_number: "SK-1" })) }),
	},
	{
		name: "bad e-mail",
		pointer: "/delivery/email",
		change: ({ delivery }) => ({ delivery: { ...delivery, email: "nobody at example" } }),
	},
	{ name: "long locale", pointer: "/locale", change: () => ({ locale: "en_MY" }) },
	{
		name: "unknown currency",
		pointer: "/payment/currency",
		change: ({ payment }) => ({ payment: { ...payment, currency: "QQQ" } }),
	},
	{ name: "no items", pointer: "/items", change: () => ({ items: [] }) },
	{ name: "empty name", pointer: "/delivery/name", change: ({ delivery }) => ({ delivery: { ...delivery, name: "" } }) },
	{
		name: "negative amount",
		pointer: "/payment/amount",
		change: ({ payment }) => ({ payment: { ...payment, amount: -payment.amount } }),
	},
	{ name: "sm_id 1000", pointer: "/sm_id", change: () => ({ sm_id: 1_000 }) },
	{ name: "bad date", pointer: "/date_created", change: () => ({ date_created: "2025-02-30T10:00:00Z" }) },
];

export const spoil = (document: Draft, { change }: Fault): Draft => ({ ...document, ...change(document) });

import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import type { Retain } from "../../config/profile-type.ts";
import { Id } from "../../contracts/http/common.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { oldRequests } from "../../mixins/retention/requests.ts";
import { handled, type Rule } from "../../mixins/retention/rules.ts";
import { withoutDelivery, withoutPerson } from "./erasure.ts";
import type { IntakeRecord } from "./intake-document.ts";
import { isTombstone, type Order } from "./order.ts";
import type { OrdersService } from "./orders-base.ts";
import { changeOrder } from "./writing.ts";

// What orders forget: with time, and with the people who placed or took them. Every step may be repeated.

const pageSize = 100;

async function* ordersOf({ store }: OrdersService, party: "buyerId" | "sellerId", userId: string): AsyncGenerator<Order[]> {
	for (let after = ""; ; ) {
		const where = { [party]: userId, sortKey: { $gt: after } };
		const page = await store.orders.find({ where, sort: [["sortKey", 1]], limit: pageSize });
		yield page;
		if (page.length < pageSize) return;
		after = page.at(-1)?.sortKey ?? after;
	}
}

/** Their text goes. The hash stays: the same document again changes nothing, as promised, and brings nothing back. */
const eraseDocuments = async ({ store }: OrdersService, customerId: string): Promise<void> => {
	for (let after = ""; ; ) {
		const where = { customerId, _id: { $gt: after } };
		const page: IntakeRecord[] = await store.intake_documents.find({ where, sort: [["_id", 1]], limit: pageSize });
		const update = { $set: { text: "", erased: true } } as const;
		await store.intake_documents.updateMany(page.map(({ _id }) => ({ where: { _id }, update })));
		if (page.length < pageSize) return;
		after = page.at(-1)?._id ?? after;
	}
};

async function eraseUser(this: OrdersService, { params: { userId } }: Context<{ userId: string }>): Promise<void> {
	for (const party of ["buyerId", "sellerId"] as const) {
		for await (const page of ordersOf(this, party, userId)) {
			for (const { _id } of page) {
				await changeOrder(this, _id, (order) => withoutPerson(order, userId), { at: clock.now() });
			}
		}
	}
	await eraseDocuments(this, userId);
}

export const ordersRetention = (orders: OrdersService, lives: Retain): Rule[] => [
	handled<Order>({
		...{ name: "deliveries", what: "orders that are over forgot where they went" },
		...{ collection: orders.store.orders, field: "overAt", life: lives.deliveries },
		handle: ({ _id }, now) =>
			changeOrder(orders, _id, (order) => (isTombstone(order) ? null : withoutDelivery(order)), { at: now }),
	}),
	oldRequests("order_requests", "orders forgot requests of long ago", orders.store.orders, lives.requests),
];

export const erasing = {
	actions: {
		eraseUser: { visibility: "public", params: typed(Type.Object({ userId: Id })), handler: eraseUser },
	},
} as unknown as Partial<ServiceSchema>; // the cast is for `this`: a mixin cannot tell Moleculer's types which service it will be part of

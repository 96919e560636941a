import { setTimeout as delay } from "node:timers/promises";
import type { Service, ServiceSchema } from "moleculer";
import { DomainError } from "../../../contracts/errors.ts";
import { Id } from "../../../contracts/http/common.ts";
import { olderShopRoutes, type ShopOrder, type ShopOrderStatus } from "../../../contracts/http/older/shop.ts";
import type { OrderView } from "../../../contracts/http/orders.ts";
import type { PaymentView } from "../../../contracts/http/payments.ts";
import { fromWire } from "../../../middlewares/domain-errors.ts";
import { compileCheck } from "../../../middlewares/field-errors.ts";
import { type Handler, routeActions } from "../../../mixins/route-actions/route-actions.ts";
import { ownOrders } from "./own-orders.ts";
import { type Call, passedOn, requireSelf } from "./passing-on.ts";
import { shopOrder, shopOrderStatus } from "./shop-words.ts";

// The first web shop's paths: each passes the request on to the action that serves its path under /v1.

const routeAction = routeActions<Service>("gateway", olderShopRoutes);
const passing = <Params, Answer>(name: string, handler: Handler<Service, Params, Answer>) => ({
	...routeAction(name, handler),
	...passedOn,
});

interface PlaceParams {
	userId?: unknown;
	productId: string;
}
interface Placed {
	ok: true;
	created: { id: string };
	payment: string;
}

async function place(this: Service, ctx: Call<PlaceParams>): Promise<Placed> {
	const { userId, productId } = ctx.params;
	if (userId !== undefined) requireSelf(ctx, userId);
	// Whatever they send as amount and status stays here: the order is priced by the catalogue.
	const { id } = await ctx.call<OrderView, object>("orders.place", { items: [{ productId, quantity: 1 }] });
	return { ok: true, created: { id }, payment: "Create order success, payment processing" };
}

const checkId = compileCheck(Id);

/** Ids are opaque: one that we never gave out is an unknown one, whatever it looks like. */
const orderOf = (ctx: Call<unknown>, id: string): Promise<OrderView> => {
	if (checkId(id)) throw new DomainError("NOT_FOUND");
	return ctx.call<OrderView, { id: string }>("orders.get", { id });
};

/** Null: the order was placed a moment ago, and its payment is not there yet. */
const paymentOf = async (ctx: Call<unknown>, { payment: { id } }: OrderView): Promise<PaymentView | null> => {
	try {
		return await ctx.call<PaymentView, { id: string }>("payment.get", { id });
	} catch (error) {
		if (fromWire(error)?.code === "NOT_FOUND") return null;
		throw error;
	}
};

/** ms; 775 together. The first answer of a provider takes less, and the shop asks once. */
const pauses = [25, 50, 100, 200, 400];

/** The payment once it is known whether it waits for its buyer, or as it is after a moment. */
const answeredPayment = async (ctx: Call<unknown>, order: OrderView): Promise<PaymentView | null> => {
	for (const pause of pauses) {
		const payment = await paymentOf(ctx, order);
		if (payment && payment.status !== "processing") return payment;
		await delay(pause);
	}
	return paymentOf(ctx, order);
};

const nothingToConfirm = (why: string): never => {
	throw new DomainError("TRANSITION_REFUSED", why);
};

/** The payment decides: the order hears of its outcome a moment later. */
const confirm = async (ctx: Call<unknown>, id: string): Promise<void> => {
	const order = await orderOf(ctx, id);
	const status = shopOrderStatus(order.status);
	if (status === "Success") return;
	if (status !== "Processing") nothingToConfirm(`the order is ${order.status}`);
	const payment = await answeredPayment(ctx, order);
	if (payment?.status === "captured") return;
	if (payment?.status !== "requires_action") return nothingToConfirm(`the payment is ${payment?.status ?? "processing"}`);
	const confirmed = await ctx.call<PaymentView, { id: string }>("payment.confirm", { id: payment.id });
	if (confirmed.status === "declined") nothingToConfirm("the payment was declined");
};

const cancel = async (ctx: Call<unknown>, orderId: string): Promise<void> => {
	const { id } = await orderOf(ctx, orderId);
	await ctx.call("orders.cancel", { id });
};

const updates = new Map([
	["Cancelled", cancel],
	["Confirm", confirm],
]);

interface UpdateParams {
	orderId: string;
	orderStatus: string;
}

async function update(this: Service, ctx: Call<UpdateParams>): Promise<{ ok: true; message: string }> {
	const change = updates.get(ctx.params.orderStatus);
	if (!change) throw new DomainError("UNKNOWN_STATUS", `orderStatus must be one of ${[...updates.keys()].join(", ")}`);
	await change(ctx, ctx.params.orderId);
	return { ok: true, message: "Update order success" };
}

async function one(this: Service, ctx: Call<{ id: string }>): Promise<{ ok: true; order: ShopOrder }> {
	return { ok: true, order: shopOrder(await orderOf(ctx, ctx.params.id)) };
}

async function status(this: Service, ctx: Call<{ id: string }>): Promise<{ ok: true; orderStatus: ShopOrderStatus }> {
	const found = await ctx.call<Pick<OrderView, "status">, { id: string }>("orders.status", { id: ctx.params.id });
	return { ok: true, orderStatus: shopOrderStatus(found.status) };
}

async function all(this: Service, ctx: Call<{ userId: string }>): Promise<{ ok: true; orders: ShopOrder[] }> {
	requireSelf(ctx, ctx.params.userId);
	return { ok: true, orders: (await ownOrders(ctx)).map(shopOrder) };
}

export const olderShop: Partial<ServiceSchema> = {
	actions: {
		placeShopOrder: passing("placeShopOrder", place),
		updateShopOrder: passing("updateShopOrder", update),
		shopOrder: passing("shopOrder", one),
		shopOrderStatus: passing("shopOrderStatus", status),
		shopOrders: passing("shopOrders", all),
	},
};

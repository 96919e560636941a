import type { Service, ServiceSchema } from "moleculer";
import type { Me } from "../../../contracts/http/auth.ts";
import {
	type Customer,
	type CustomerOrder,
	type CustomerOrderStatus,
	olderCustomerRoutes,
} from "../../../contracts/http/older/customers.ts";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { fromWire } from "../../../middlewares/domain-errors.ts";
import { type Handler, routeActions } from "../../../mixins/route-actions/route-actions.ts";
import { customerOrder, statusesCalled } from "./customer-words.ts";
import { ownOrders } from "./own-orders.ts";
import { type Call, passedOn, requireSelf } from "./passing-on.ts";

// The paths of the order service for customers: each passes the request on to the action that serves its path under /v1.

const routeAction = routeActions<Service>("gateway", olderCustomerRoutes);
const passing = <Params, Answer>(name: string, handler: Handler<Service, Params, Answer>) => ({
	...routeAction(name, handler),
	...passedOn,
});

interface PlaceParams {
	userId?: unknown;
	items: { productId: string; quantity: number }[];
}

async function place(this: Service, ctx: Call<PlaceParams>): Promise<CustomerOrder> {
	const { userId, items } = ctx.params;
	if (userId !== undefined) requireSelf(ctx, userId);
	return customerOrder(await ctx.call<OrderView, Pick<PlaceParams, "items">>("orders.place", { items }));
}

/** Null: no order that is the caller's to see. Programs have none. */
const orderOf = async (ctx: Call<unknown>, id: string): Promise<OrderView | null> => {
	if (ctx.meta.service) return null;
	try {
		return await ctx.call<OrderView, { id: string }>("orders.get", { id });
	} catch (error) {
		if (fromWire(error)?.code === "NOT_FOUND") return null;
		throw error;
	}
};

/** Two services of old had this path: one for its orders, one for documents that came from elsewhere. The latter is text, as it came. */
async function one(this: Service, ctx: Call<{ id: string }>): Promise<CustomerOrder | string> {
	const { id } = ctx.params;
	const order = await orderOf(ctx, id);
	return order ? customerOrder(order) : ctx.call<string, { id: string }>("orders.intakeDocument", { id });
}

interface ListParams {
	id: string;
	status?: CustomerOrderStatus;
}

async function all(this: Service, ctx: Call<ListParams>): Promise<{ orders: CustomerOrder[]; count: number }> {
	const { id, status } = ctx.params;
	requireSelf(ctx, id);
	const orders = (await ownOrders(ctx, status && statusesCalled(status))).map(customerOrder);
	return { orders, count: orders.length };
}

async function self(this: Service, ctx: Call<{ id: string }>): Promise<Customer> {
	requireSelf(ctx, ctx.params.id);
	const { id, name, email } = await ctx.call<Me>("auth.me");
	return { id, name, email };
}

export const olderCustomers: Partial<ServiceSchema> = {
	actions: {
		placeCustomerOrder: passing("placeCustomerOrder", place),
		customerOrder: passing("customerOrder", one),
		customerOrders: passing("customerOrders", all),
		customer: passing("customer", self),
	},
};

import type { Service, ServiceSchema } from "moleculer";
import type { NotificationItem } from "../../../contracts/http/notifications.ts";
import { type OlderNotification, olderNotificationRoutes } from "../../../contracts/http/older/notifications.ts";
import { callerOf } from "../../../mixins/call-meta/call-meta.ts";
import { routeActions } from "../../../mixins/route-actions/route-actions.ts";
import { type Call, passedOn, requireSelf } from "./passing-on.ts";

// The first notification service's path: passes the request on to the inbox that is served under /v1.

const routeAction = routeActions<Service>("gateway", olderNotificationRoutes);

interface PageParams {
	userId?: string;
	page?: number;
	limit?: number;
}

interface Page {
	notifications: OlderNotification[];
	total: number;
}

interface Slice {
	items: NotificationItem[];
	total: number;
}

async function list(this: Service, ctx: Call<PageParams>): Promise<Page> {
	const { userId: named, page = 1, limit = 10 } = ctx.params;
	if (named !== undefined) requireSelf(ctx, named);
	const userId = callerOf(ctx).id;
	const { items, total } = await ctx.call<Slice, object>("notification.slice", { skip: (page - 1) * limit, limit });
	// What was erased has no words.
	const notifications = items.flatMap(({ id, read, body }) => (body ? [{ id, userId, read, ...body }] : []));
	return { notifications, total };
}

export const olderNotifications: Partial<ServiceSchema> = {
	actions: { olderNotifications: { ...routeAction("olderNotifications", list), ...passedOn } },
};

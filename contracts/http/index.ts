import { adminRoutes } from "./admin.ts";
import { authRoutes } from "./auth.ts";
import { chatRoutes } from "./chat.ts";
import { intakeRoutes } from "./intake.ts";
import { mailRoutes } from "./mails.ts";
import { notificationRoutes } from "./notifications.ts";
import { olderChatRoutes } from "./older/chat.ts";
import { olderCustomerRoutes } from "./older/customers.ts";
import { olderNotificationRoutes } from "./older/notifications.ts";
import { olderShopRoutes } from "./older/shop.ts";
import { operationRoutes } from "./operations.ts";
import { orderRoutes } from "./orders.ts";
import { paymentRoutes } from "./payments.ts";
import { preferencesRoutes } from "./preferences.ts";
import { productRoutes } from "./products.ts";
import type { Route } from "./route.ts";
import { unsubscribeRoutes } from "./unsubscribe.ts";

/** The whole REST API. What is not in here is not mounted and not in the OpenAPI document. */
export const routes: readonly Route[] = [
	...authRoutes,
	...productRoutes,
	...orderRoutes,
	...intakeRoutes,
	...paymentRoutes,
	...chatRoutes,
	...preferencesRoutes,
	...notificationRoutes,
	...operationRoutes,
	...unsubscribeRoutes,
	...adminRoutes,
	...mailRoutes,
	...olderShopRoutes,
	...olderCustomerRoutes,
	...olderChatRoutes,
	...olderNotificationRoutes,
];
export type { Route };

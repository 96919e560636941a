import type { Retain } from "../../config/profile-type.ts";
import { oldRequests } from "../../mixins/retention/requests.ts";
import { aged, type Rule } from "../../mixins/retention/rules.ts";
import type { PaymentService } from "./payment-base.ts";

/** What payments forget. They stay themselves, for the books, and so do the sandbox's: who asks for money back must find what was charged. */
export const paymentRetention = ({ store }: PaymentService, lives: Retain): Rule[] => [
	aged(
		{
			...{ name: "webhooks", what: "webhooks of long ago were removed" },
			...{ collection: store.webhooks, field: "receivedAt", life: lives.webhooks },
			// Not those that wait for their payment.
			where: { dueAt: { $exists: false } },
		},
		true,
	),
	oldRequests("payment_requests", "payments forgot requests of long ago", store.payments, lives.requests),
];

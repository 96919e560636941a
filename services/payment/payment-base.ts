import type { Service } from "moleculer";
import { profile } from "../../config/profile.ts";
import { paymentRoutes } from "../../contracts/http/payments.ts";
import type { LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import { type Handler as RouteHandler, routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { CollectionSpec } from "../../mixins/store/port.ts";
import type { StoreMembers } from "../../mixins/store/store.mixin.ts";
import { type Cause, type Mutation, mutate, outboxIndex, requestsIndex } from "../../mixins/store/versioned.ts";
import { changeTo } from "./change.ts";
import type { Decision, Moment, Payment } from "./payment.ts";
import type { Provider } from "./provider.ts";
import type { SandboxCharge } from "./sandbox-charge.ts";
import { sandboxCharges } from "./sandbox-provider.ts";
import type { StoredWebhook } from "./webhook.ts";

// What the parts of this service (the *.mixin.ts files beside it) share: its collections, its `this`, and how decisions are written.

export interface PaymentCollections {
	payments: Payment;
	webhooks: StoredWebhook;
	sandbox_charges: SandboxCharge;
	leases: LeaseDocument;
}

export const collections: { readonly [K in keyof PaymentCollections]: CollectionSpec } = {
	payments: {
		indexes: [
			{
				name: "attempt",
				fields: [
					["orderId", 1],
					["attempt", 1],
				],
				unique: true,
			},
			{ name: "answer_due", fields: [["answerDue", 1]], sparse: true },
			{ name: "remind", fields: [["remindAt", 1]], sparse: true },
			requestsIndex,
			outboxIndex,
		],
	},
	webhooks: {
		indexes: [
			{ name: "due", fields: [["dueAt", 1]], sparse: true },
			{ name: "received", fields: [["receivedAt", 1]] },
		],
	},
	sandbox_charges: sandboxCharges,
	leases: {},
};

export interface PaymentVars extends StoreMembers<PaymentCollections> {
	/** By name; the first is the one that new payments are charged by. */
	providers: ReadonlyMap<string, Provider>;
	reconciler: LeasedJob | undefined;
	reminding: LeasedJob | undefined;
}

export type PaymentService = Service & PaymentVars;

export type Handler<Params, Answer> = RouteHandler<PaymentService, Params, Answer>;

/** The action of one route. */
export const routeAction = routeActions<PaymentService>("payment", paymentRoutes);

export const momentOf = ({ at }: Cause): Moment => ({ at, deadline: profile().answerDeadline });

/** The provider that has this payment. One that is no longer configured cannot be asked, and nothing may be guessed for it. */
export const providerOf = ({ providers }: PaymentVars, { provider }: Pick<Payment, "provider">): Provider => {
	const found = providers.get(provider);
	if (!found) throw new Error(`payments by ${provider} need it to be configured`);
	return found;
};

/** Writes what is decided, as `mutate` does. `known` saves the first read, for decisions that never throw. */
export const write = (
	{ store }: PaymentVars,
	id: string,
	decide: (payment: Payment) => Decision | null,
	cause: Cause,
	known?: Payment,
): Promise<Mutation<Payment> | null> =>
	mutate(
		store.payments,
		id,
		(payment) => {
			const decision = decide(payment);
			return decision && changeTo(payment, decision);
		},
		cause,
		known,
	);

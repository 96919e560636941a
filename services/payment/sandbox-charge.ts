import type { Money } from "../../contracts/money.ts";
import type { Document } from "../../mixins/store/port.ts";
import type { Outcome } from "./outcome.ts";
import type { NextAction } from "./payment.ts";
import type { ChargeRequest } from "./provider.ts";

/** A charge in the sandbox's books. Its id is the idempotency key: a second charge under one key cannot be written. */
export interface SandboxCharge extends Document {
	paymentId: string;
	amount: Money;
	method: string;
	status: Exclude<Outcome["status"], "authorized">;
	/** Minor units. */
	captured: number;
	refunded: number;
	declineCode?: string;
	nextAction?: NextAction;
	refunds: { id: string; amount: number }[];
	/** Epoch ms at which it answers by webhook; gone once that was delivered. */
	webhookDue?: number;
}

interface Opening {
	status: SandboxCharge["status"];
	declineCode?: string;
	nextAction?: NextAction;
	webhookDue?: number;
	/** The charge is made and its answer lost. */
	lost?: true;
}

const declined = (declineCode: string): Opening => ({ status: "declined", declineCode });

/** What each method does when it is charged. */
const openings: Readonly<Record<string, (request: ChargeRequest, webhookDue: number) => Opening>> = {
	sandbox_success: () => ({ status: "captured" }),
	sandbox_declined: () => declined("card_declined"),
	sandbox_insufficient_funds: () => declined("insufficient_funds"),
	sandbox_requires_action: ({ key }) => ({
		status: "requires_action",
		nextAction: { type: "redirect", url: `https://sandbox.souk.example/confirm/${encodeURIComponent(key)}` },
	}),
	sandbox_slow: (_request, webhookDue) => ({ status: "processing", webhookDue }),
	sandbox_unknown_outcome: () => ({ status: "captured", lost: true }),
};

const methodNames: ReadonlySet<string> = new Set(Object.keys(openings));

const bookOf = ({ key, paymentId, amount, method }: ChargeRequest, status: SandboxCharge["status"]): SandboxCharge => ({
	...{ _id: key, paymentId, amount, method, status },
	captured: status === "captured" ? amount.amount : 0,
	...{ refunded: 0, refunds: [] },
});

/** The charge as it is written. `lost`: its answer will not arrive. */
export const openCharge = (request: ChargeRequest, webhookDue: number): { charge: SandboxCharge; lost: boolean } => {
	// Own names only: "toString" is no method.
	const open = methodNames.has(request.method) ? openings[request.method] : undefined;
	const { status, lost, ...details } = open?.(request, webhookDue) ?? declined("unsupported_method");
	return { charge: { ...bookOf(request, status), ...details }, lost: lost ?? false };
};

/** Stands under a key so that no charge ever can. */
export const voidedCharge = (request: ChargeRequest): SandboxCharge => bookOf(request, "voided");

/** A charge of which we only know what a webhook says. */
export const chargeTold = (request: ChargeRequest, outcome: Outcome): SandboxCharge => {
	const told = bookOf(request, outcome.status === "captured" ? "captured" : "declined");
	return outcome.status === "declined" ? { ...told, declineCode: outcome.declineCode } : told;
};

export const outcomeOf = (charge: SandboxCharge): Outcome => {
	const { status, declineCode, nextAction } = charge;
	if (status === "declined") return { status, declineCode: declineCode ?? "card_declined" };
	if (status === "requires_action") return nextAction ? { status, nextAction } : { status: "processing" };
	return { status };
};

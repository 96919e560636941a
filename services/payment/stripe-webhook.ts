import type Stripe from "stripe";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { DomainError } from "../../contracts/errors.ts";
import type { ProviderEvent } from "./provider.ts";
import { intentOutcome } from "./stripe-outcome.ts";

// Stripe's events, signed in its own header but by the same rule as ours (webhook-signature.ts).
// https://docs.stripe.com/api/events/object

export const stripeSignatureHeader = "stripe-signature";

const Id = Type.String({ minLength: 1, maxLength: 255 });
const StripeEvent = Type.Object({
	id: Id,
	type: Type.String({ minLength: 1, maxLength: 100 }),
	livemode: Type.Boolean(),
	data: Type.Object({ object: Type.Object({ id: Id, metadata: Type.Optional(Type.Unknown()) }) }),
});
type StripeEvent = Static<typeof StripeEvent>;
const schema = Compile(StripeEvent);

const parse = (body: string): unknown => {
	try {
		return JSON.parse(body);
	} catch {
		throw new DomainError("VALIDATION", "The body is not JSON");
	}
};

const checked = (body: string): StripeEvent => {
	const event = parse(body);
	if (schema.Check(event)) return event;
	const errors = schema.Errors(event).map(({ instancePath, message: detail }) => ({ pointer: instancePath, detail }));
	throw new DomainError("VALIDATION", undefined, { errors });
};

const intentEvents: ReadonlySet<string> = new Set([
	"payment_intent.succeeded",
	"payment_intent.payment_failed",
	"payment_intent.canceled",
	"payment_intent.requires_action",
	"payment_intent.amount_capturable_updated",
]);
/** They name a refund or a charge that may be one of many: what becomes of ours is asked. */
const refundEvents: ReadonlySet<string> = new Set([
	"charge.refunded",
	"charge.refund.updated",
	"refund.updated",
	"refund.failed",
]);

/** What we wrote into the intent and the refund; Stripe copies it from the intent to its charge. */
const paymentIdOf = ({ data }: StripeEvent): string | null => {
	const { metadata } = data.object;
	const id = metadata !== null && typeof metadata === "object" ? (metadata as { paymentId?: unknown }).paymentId : undefined;
	return typeof id === "string" && /^[a-z2-7]{1,64}$/.test(id) ? id : null;
};

/**
 * Throws VALIDATION. Events of other types, of payments that are not ours (an account may have other uses) and of the other mode are
 * read as ones that say nothing: refused, Stripe would send them for days.
 * @param live whether our key is one for real money
 */
export const readStripeWebhook = (body: string, live: boolean): ProviderEvent => {
	const event = checked(body);
	const { id, type, livemode, data } = event;
	const paymentId = paymentIdOf(event);
	const silent = { id, type, paymentId: paymentId ?? "", outcome: null };
	if (paymentId === null || livemode !== live) return silent;
	if (refundEvents.has(type)) return { ...silent, asks: true };
	if (!intentEvents.has(type)) return silent;
	// The signature is Stripe's, so the object is what its documentation says; what it does not say falls to `processing`.
	const outcome = intentOutcome(data.object as unknown as Stripe.PaymentIntent);
	return { ...silent, outcome: outcome?.status === "processing" ? null : outcome };
};

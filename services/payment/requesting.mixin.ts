import type { Context, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { PaymentView } from "../../contracts/http/payments.ts";
import { callerOf, causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import type { Cause } from "../../mixins/store/versioned.ts";
import { visibleTo } from "./access.ts";
import { onceThere } from "./arrival.adapter.ts";
import { decideConfirm, decideRefund, type MoveRequest, refundIdOf } from "./moves.ts";
import type { Decision, Payment, RequestRecord } from "./payment.ts";
import { momentOf, type PaymentService, routeAction, write } from "./payment-base.ts";
import { paymentView, viewAsAnswered } from "./payment-view.ts";
import { decideAnswer } from "./requests.ts";
import { type SettleOptions, settle } from "./settling.ts";

// What people ask of a payment. A move is three writes at most: the intent with the request's key, the outcome together with the
// answer, and, if the outcome stays unknown, the answer alone. What a repeat of the same request finds:
//   nothing:                the move, from the start
//   the intent:             goes on with it, under the same key at the provider
//   the answer:             gives it again

type Ctx<P> = Context<P & { id: string }, CallMeta>;

async function get(this: PaymentService, ctx: Ctx<object>): Promise<PaymentView> {
	const found = await onceThere(() => this.store.payments.findById(ctx.params.id));
	return paymentView(visibleTo(found, callerOf(ctx)).payment);
}

const recordIn = ({ _id, requests }: Payment, key: string): RequestRecord => {
	const record = requests.find((one) => one.key === key);
	if (!record) throw new Error(`payment ${_id} was moved without a record of the request`);
	return record;
};

/** The outcome is not known yet, or somebody else wrote it: the answer is how the payment stands. */
const giveAnswer = async (service: PaymentService, payment: Payment, key: string, cause: Cause): Promise<Payment> => {
	const written = await write(service, payment._id, (current) => decideAnswer(current, key), cause, payment);
	return written?.entity ?? payment;
};

/** From the record, not from the payment: that may already show what others did since. */
const answerFrom = (payment: Payment, key: string): PaymentView => {
	const { result } = recordIn(payment, key);
	if (!result) throw new Error(`a request to payment ${payment._id} was left without an answer`);
	return viewAsAnswered(payment, result);
};

const move = async (
	service: PaymentService,
	ctx: Ctx<object>,
	decide: (found: Payment, input: MoveRequest) => Decision | null,
	options: Omit<SettleOptions, "cause">,
): Promise<PaymentView> => {
	const cause = causeOf(ctx);
	const request = requestOf(ctx);
	const input = { caller: callerOf(ctx), request, ifMatch: ctx.meta.ifMatch, moment: momentOf(cause) };
	const intended = await write(service, ctx.params.id, (payment) => decide(payment, input), cause);
	if (!intended) throw new DomainError("NOT_FOUND");
	if (recordIn(intended.entity, request.key).result) {
		ctx.meta.replayed = request.named;
		return answerFrom(intended.entity, request.key);
	}
	const settled = await settle(service, intended.entity, { ...options, cause });
	return recordIn(settled, request.key).result
		? answerFrom(settled, request.key)
		: answerFrom(await giveAnswer(service, settled, request.key, causeOf(ctx)), request.key);
};

async function confirm(this: PaymentService, ctx: Ctx<object>): Promise<PaymentView> {
	const { key } = requestOf(ctx);
	return move(this, ctx, decideConfirm, { first: "confirm", answering: { key } });
}

async function refund(this: PaymentService, ctx: Ctx<{ amount?: number; reason?: string }>): Promise<PaymentView> {
	const { key } = requestOf(ctx);
	const { id, amount, reason } = ctx.params;
	const decide = (found: Payment, input: MoveRequest) => decideRefund(found, { ...input, amount, reason });
	return move(this, ctx, decide, { answering: { key, refundId: refundIdOf(id, key) } });
}

export const requesting: Partial<ServiceSchema> = {
	actions: {
		get: routeAction("get", get),
		confirm: routeAction("confirm", confirm),
		refund: routeAction("refund", refund),
	},
};

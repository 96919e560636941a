import type { Caller, CallMeta, RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { OrderAction, OrderStatus } from "../../contracts/http/orders.ts";
import { checkVersion, visibleTo } from "./access.ts";
import { effectOf, type Move, present } from "./move-effects.ts";
import { guardFacts, type MoveRecord, type MoveResult, type Order, type OrderChange } from "./order.ts";
import { allowedActions, boundOf, mayMove, orderMachine, type Party } from "./order-states.ts";

// What buyers and sellers do to an order. A move is decided on the order as it was read; the write is filtered on that version.

export interface MoveRequest {
	caller: Pick<Caller, "id" | "roles">;
	request: RequestKey;
	ifMatch?: CallMeta["ifMatch"];
	move: Move;
	/** ISO 8601. */
	at: string;
	/** Epoch ms at which a new payment is asked about. */
	answerDue: number;
}

/** `replay`: the same request was done before, and this is what it answered. */
export type MoveDecision = { replay: MoveResult } | { change: OrderChange };

const replayOf = (order: Order, { request, move }: MoveRequest): MoveResult | undefined => {
	const done = order.requests.find((record) => record.key === request.key);
	if (!done) return undefined;
	if (done.hash !== request.hash || done.action !== move.action) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	return done.result;
};

const takeStep = (order: Order, action: OrderAction, parties: readonly Party[]): OrderStatus => {
	const facts = guardFacts(order);
	const step = orderMachine.next(order.status, action, facts);
	if (step.ok) return step.to;
	throw new DomainError("TRANSITION_REFUSED", boundOf(step) ?? `an order that is ${order.status} does not take ${action}`, {
		from: order.status,
		to: step.to,
		allowed: allowedActions(order.status, facts, parties),
	});
};

/** What the order looks like after a change; kept with the request so that a replay can show it again. */
export const snapshot = (order: Order): MoveResult => ({
	version: order.version,
	status: order.status,
	payment: order.payment,
	tracked: order.tracking.length,
	shipped: order.shipment !== undefined,
	updatedAt: order.updatedAt,
});

/**
 * Decides one move. Throws NOT_FOUND to strangers, IDEMPOTENCY_KEY_REUSED, FORBIDDEN to a party whose move it is not,
 * VERSION_CONFLICT and TRANSITION_REFUSED, in this order: a replay is answered whatever became of the order since.
 */
export const decideMove = (found: Order | null, input: MoveRequest): MoveDecision => {
	const { order, parties } = visibleTo(found, input.caller);
	const replay = replayOf(order, input);
	if (replay) return { replay };
	const { action } = input.move;
	if (!mayMove(parties, action)) throw new DomainError("FORBIDDEN", `${action} is not yours to do on this order`);
	checkVersion(order.version, input.ifMatch);
	const to = takeStep(order, action, parties);
	const { caller, request, at, answerDue } = input;
	const effect = effectOf(order, input.move, { by: caller.id, at, answerDue });
	const after: Order = { ...effect.after, status: to, version: order.version + 1, updatedAt: at };
	const record: MoveRecord = { key: request.key, hash: request.hash, action, result: snapshot(after), at };
	const history = present({ from: order.status, to, event: action, by: caller.id, reason: effect.reason, at });
	return {
		change: {
			set: { status: to, ...effect.set },
			...(effect.unset && { unset: effect.unset }),
			push: { history, requests: record, ...effect.push },
			events: [effect.event(after)],
		},
	};
};

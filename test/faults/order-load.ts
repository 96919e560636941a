import assert from "node:assert/strict";
import { insist } from "../support/insist.ts";
import type { Market } from "../support/market.ts";
import { until } from "../support/until.ts";

/** How an order of each method must end, whatever was killed meanwhile. */
const endings = {
	sandbox_success: "paid",
	sandbox_declined: "payment_declined",
	sandbox_unknown_outcome: "paid",
} as const;
type Method = keyof typeof endings;
const methods = Object.keys(endings) as Method[];

export interface AckedOrder {
	id: string;
	paymentId: string;
	method: Method;
}

/** Places `count` orders, `width` at a time, and answers all of them: every one is acknowledged in the end. */
export const placeMany = async (market: Market, count: number, width: number, name: string): Promise<AckedOrder[]> => {
	const acked: AckedOrder[] = [];
	let next = 0;
	const buyer = async (): Promise<void> => {
		for (let index = next++; index < count; index = next++) {
			const method = methods[index % methods.length] as Method; // the index is below the length
			const answer = await insist(() => market.tryPlace({ paymentMethod: method }, { "idempotency-key": `${name}-${index}` }));
			assert.equal(answer.status, 201, JSON.stringify(answer.body));
			acked.push({ id: answer.body.id, paymentId: answer.body.payment.id, method });
		}
	};
	await Promise.all(Array.from({ length: width }, buyer));
	return acked;
};

/** The promise is 15 s from the last restart; what is read here begins after it. */
const settledWithinMs = 15_000;

export const assertAllEnded = async (market: Market, orders: readonly AckedOrder[]): Promise<void> => {
	assert.equal(new Set(orders.map(({ id }) => id)).size, orders.length, "an order was acknowledged twice");
	const wrong = (seen: readonly { id: string; method: Method; status: string }[]) =>
		seen.filter(({ method, status }) => status !== endings[method]);
	await until(
		"every acknowledged order to end as it must",
		async () => {
			const seen: { id: string; method: Method; status: string }[] = [];
			for (const { id, method } of orders) seen.push({ id, method, status: (await market.order(id)).status });
			return wrong(seen);
		},
		(left) => left.length === 0,
		settledWithinMs,
	);
};

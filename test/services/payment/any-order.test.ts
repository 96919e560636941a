import assert from "node:assert/strict";
import fc from "fast-check";
import { clock } from "../../../config/clock.ts";
import { paymentMethods } from "../../../contracts/http/orders.ts";
import { newId } from "../../../contracts/ids.ts";
import { onOrderEnded, onWanted } from "../../../services/payment/charging.mixin.ts";
import { type Payment, paymentIdOf, promised } from "../../../services/payment/payment.ts";
import { isOpen } from "../../../services/payment/payment-states.ts";
import type { SandboxCharge } from "../../../services/payment/sandbox-charge.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type Fate, type FlakyProvider, flaky } from "../../support/flaky-provider.ts";
import { Lifeline } from "../../support/lifeline.ts";
import { anOrderOf, type PaymentNode, startPaymentNode } from "../../support/payment-node.ts";

// One order's payments through everything that can happen to them, in any order: unknown outcomes, deadlines, paying again,
// webhooks late and wrong, cancels, refunds, repeats; calls to the provider that are lost either way; and the process dying
// between any two steps. Whatever happens, it ends with the books in order.

type Step =
	| { do: "place" | "payAgain" | "cancel" | "expire" | "confirm" | "unwanted" | "ensure" | "slowAnswer"; method: string }
	| { do: "deadline"; minutes: number }
	| { do: "webhook"; captured: boolean; attempt: number; again: boolean }
	| { do: "refund"; amount: number; key: string };

interface Happening {
	step: Step;
	/** What becomes of the calls to the provider meanwhile, in turn. */
	fates: readonly Fate[];
	/** The process dies after so many steps to and from the store; null: it lives. */
	diesAfter: number | null;
}

const method = fc.constantFrom<string>(...paymentMethods);
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ do: fc.constantFrom("place", "payAgain", "ensure", "confirm", "slowAnswer"), method }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constantFrom("cancel", "expire", "unwanted"), method }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("deadline"), minutes: fc.integer({ min: 0, max: 10 }) }) },
	{
		weight: 2,
		arbitrary: fc.record({
			do: fc.constant("webhook"),
			captured: fc.boolean(),
			attempt: fc.integer({ min: 1, max: 3 }),
			again: fc.boolean(),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			do: fc.constant("refund"),
			amount: fc.integer({ min: 1, max: 19_800 }),
			key: fc.constantFrom("r1", "r2", "r3"),
		}),
	},
) as fc.Arbitrary<Step>; // fast-check widens the words of a union
const happening: fc.Arbitrary<Happening> = fc.record({
	step,
	fates: fc.array(fc.constantFrom<Fate>("ok", "ok", "ok", "request_lost", "answer_lost", "broken"), { maxLength: 4 }),
	diesAfter: fc.option(fc.integer({ min: 0, max: 14 }), { freq: 3 }),
});

/** Plays one order's part: knows what orders would know, and repeats what a bus would. */
class Play {
	readonly orderId = newId();
	readonly node: PaymentNode;
	readonly provider: FlakyProvider;
	attempt = 0;
	ended = false;
	/** Events whose handling failed come again. */
	readonly redeliver: (() => Promise<unknown>)[] = [];
	readonly sent: object[] = [];

	constructor(node: PaymentNode, provider: FlakyProvider) {
		this.node = node;
		this.provider = provider;
	}

	id(attempt = this.attempt): string {
		return paymentIdOf(this.orderId, Math.max(attempt, 1));
	}

	async deliver(handle: () => Promise<unknown>): Promise<void> {
		try {
			await handle();
		} catch {
			this.redeliver.push(handle); // the bus keeps it
		}
	}

	/** What a client does who hears nothing, or a refusal: nothing. */
	async attempted(work: () => Promise<unknown>): Promise<void> {
		await work().catch(() => undefined);
	}

	order(type: "order.placed" | "order.cancelled" | "order.expired", how: string): () => Promise<unknown> {
		const facts = anOrderOf(how, this.orderId, Math.max(this.attempt, 1));
		const handler = (type === "order.placed" ? onWanted : onOrderEnded) as (this: unknown, ctx: unknown) => Promise<unknown>;
		return () =>
			handler.call(this.node.service, { params: { type, data: { ...facts, ...(type !== "order.expired" && { by: "bea" }) } } });
	}

	async place(how: string): Promise<void> {
		if (this.attempt > 0) return; // an order is placed once; its event's repeats are in `redeliver` and below
		this.attempt = 1;
		await this.deliver(this.order("order.placed", how));
	}

	/** Orders lets the buyer pay again once it was told that the attempt before failed. */
	async payAgain(how: string): Promise<void> {
		if (this.attempt === 0 || this.attempt >= 3 || this.ended) return;
		const before = await this.node.stored(this.id()).catch(() => null); // not told, if the process is gone
		if (before?.status !== "declined" && before?.status !== "voided") return;
		this.attempt += 1;
		await this.deliver(this.order("order.placed", how));
	}

	async end(type: "order.cancelled" | "order.expired"): Promise<void> {
		if (this.ended) return;
		this.ended = true;
		await this.deliver(this.order(type, "sandbox_success"));
	}

	async ensure(how: string): Promise<void> {
		if (this.attempt === 0) return;
		const { orderId, paymentId, attempt, buyerId, sellerId, total: amount } = anOrderOf(how, this.orderId, this.attempt);
		await this.attempted(() => this.node.call("ensure", { orderId, paymentId, attempt, buyerId, sellerId, amount, method: how }));
	}

	async webhook({ captured, attempt, again }: Extract<Step, { do: "webhook" }>): Promise<void> {
		const data = { paymentId: this.id(attempt) };
		const fresh = { id: newId(), type: captured ? "payment.captured" : "payment.declined", data };
		const message = (again && this.sent.at(-1)) || fresh;
		this.sent.push(message);
		// A provider sends it again until it hears 200.
		await this.deliver(() => this.node.webhook(message));
	}

	async perform(what: Step): Promise<void> {
		switch (what.do) {
			case "place":
				return this.place(what.method);
			case "payAgain":
				return this.payAgain(what.method);
			case "cancel":
				return this.end("order.cancelled");
			case "expire":
				return this.end("order.expired");
			case "ensure":
				return this.ensure(what.method);
			case "unwanted":
				// Orders says so of attempts that it no longer waits for.
				if (this.attempt > 1)
					await this.deliver(() => this.node.call("refundUnwanted", { paymentId: this.id(1), reason: "unwanted" }));
				return;
			case "confirm":
				return this.attempted(() => this.node.call("confirm", { id: this.id() }, { id: "bea" }));
			case "refund":
				return this.attempted(() => this.refund(what.amount, what.key));
			case "slowAnswer":
				return this.attempted(() => this.reconcile(2));
			case "deadline":
				return this.attempted(() => this.reconcile(what.minutes * 60));
			case "webhook":
				return this.webhook(what);
		}
	}

	refund(amount: number, key: string): Promise<unknown> {
		return this.node.call("refund", { id: this.id(), amount }, { id: "sal", roles: ["seller"], key, hash: `${amount}` });
	}

	async reconcile(seconds: number): Promise<void> {
		const now = clock.now;
		const at = now() + seconds * 1_000;
		clock.now = () => at;
		await this.node.reconcile();
	}

	/** Everything answers again, everything that was sent arrives, and time goes by. `late`: the provider took the money after all. */
	async comeToRest(late: boolean): Promise<void> {
		this.provider.fate = () => "ok";
		for (const handle of this.redeliver.splice(0)) await handle();
		for (let attempt = 1; late && attempt <= this.attempt; attempt++) {
			await this.webhook({ do: "webhook", captured: true, attempt, again: false });
		}
		// What orders does about money of attempts that it does not wait for, once it hears of the capture.
		for (let attempt = 1; attempt < this.attempt; attempt++) {
			await this.node.call("refundUnwanted", { paymentId: this.id(attempt), reason: "unwanted" });
		}
		for (let round = 0; round < 3; round++) await this.reconcile(600);
	}

	payments(): Promise<Payment[]> {
		return this.node.service.store.payments.find({ where: { orderId: this.orderId } });
	}
}

const stories = fc.array(happening, { minLength: 1, maxLength: 16 });

const kept = ({ captured, refunded }: Pick<Payment, "captured" | "refunded">): number => captured - refunded;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const assertInOrder = (payment: Payment, charges: readonly SandboxCharge[], waitsForBuyer: boolean): void => {
	const told = JSON.stringify({ payment, charges });
	assert.ok(charges.length <= 1, `two charges for one attempt: ${told}`);
	const [charge] = charges;
	assert.ok(payment.refunded <= payment.captured && payment.captured <= payment.amount.amount, told);
	assert.ok(promised(payment) <= payment.captured, `more was promised than taken: ${told}`);
	assert.equal(payment.captured, charge?.captured ?? 0, `the books disagree about what was taken: ${told}`);
	assert.equal(payment.refunded, charge?.refunded ?? 0, `the books disagree about what went back: ${told}`);
	assert.ok(waitsForBuyer || !isOpen(payment.status), `it never came to rest: ${told}`);
	assert.equal(payment.refunds.filter(({ status }) => status === "pending").length, 0, told);
	assert.deepEqual(
		payment.history.map(({ from }) => from),
		[null, ...payment.history.map(({ to }) => to).slice(0, -1)],
		told,
	);
};

bothStores("payments in any order", (profile) => {
	let node: PaymentNode;
	let lifeline: Lifeline;
	const realNow = clock.now;
	before(async () => {
		node = await startPaymentNode(profile(), { reconciler: false });
		const { payments, webhooks, sandbox_charges } = node.service.store;
		lifeline = new Lifeline(payments, webhooks, sandbox_charges);
	});
	after(async () => {
		lifeline?.cut();
		await node?.stop();
	});
	afterEach(() => {
		clock.now = realNow;
	});

	const play = async (story: readonly Happening[], late: boolean): Promise<void> => {
		clock.now = realNow;
		const provider = flaky(node.sandbox);
		node.use(provider);
		const acting = new Play(node, provider);
		for (const { step: what, fates, diesAfter } of story) {
			const coming = [...fates];
			provider.fate = () => coming.shift() ?? "ok";
			lifeline.live(diesAfter ?? undefined);
			await acting.perform(what);
			lifeline.live();
		}
		await acting.comeToRest(late);
		const payments = await acting.payments();
		for (const payment of payments) {
			const waits = payment.status === "requires_action" && !payment.closing;
			assertInOrder(payment, await node.charges(payment._id), waits);
		}
		assert.ok(sum(payments.map(kept)) <= 19_800, "more is kept than the order costs");
		if (acting.ended) assert.equal(sum(payments.map(kept)), 0, `an order that ended kept money: ${JSON.stringify(payments)}`);
	};

	it("ends with one charge an attempt, never more kept than the total, and nothing for an order that ended", async function () {
		this.timeout(120_000);
		const numRuns = profile().kind === "embedded" ? 250 : 15;
		await fc.assert(fc.asyncProperty(stories, fc.boolean(), play), { numRuns });
	});
});

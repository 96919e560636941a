import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import type { PaymentView } from "../../../contracts/http/payments.ts";
import { StoreUnavailable } from "../../../mixins/store/errors.ts";
import { lookAfterPayments } from "../../../services/payment/reconciling.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type Fate, type FlakyProvider, flaky } from "../../support/flaky-provider.ts";
import { anOrderOf, type PaymentNode, startPaymentNode } from "../../support/payment-node.ts";
import { until } from "../../support/until.ts";

bothStores("looking after payments", (profile) => {
	let node: PaymentNode;
	let provider: FlakyProvider;
	const realNow = clock.now;
	before(async () => {
		node = await startPaymentNode(profile(), { reconciler: false });
	});
	after(() => node?.stop());
	beforeEach(() => {
		provider = flaky(node.sandbox);
		node.use(provider);
	});
	afterEach(() => {
		clock.now = realNow;
	});

	/** The clock stands still there. */
	const later = (ms: number): void => {
		const at = realNow() + ms;
		clock.now = () => at;
	};
	/** A payment that the provider was asked for, with the answer, or the question, lost. */
	const unknown = async (fate: Fate, method = "sandbox_success"): Promise<string> => {
		const { paymentId, orderId, attempt, buyerId, sellerId, total } = anOrderOf(method);
		provider.fate = () => fate;
		await node.call("ensure", { paymentId, orderId, attempt, buyerId, sellerId, amount: total, method });
		provider.fate = () => "ok";
		return paymentId;
	};
	const soon = 6_000;

	for (const fate of ["request_lost", "answer_lost", "broken"] as const) {
		it(`finds out what became of a charge when ${fate.replace("_", " ")}, and not before its deadline`, async () => {
			const id = await unknown(fate);
			await node.reconcile();
			assert.equal((await node.view(id)).status, "processing");
			later(soon);
			await node.reconcile();
			assert.equal((await node.view(id)).status, "captured");
			assert.equal((await node.charges(id)).length, 1);
		});
	}

	it("asks before it charges again, and asks once though two of it are at work", async () => {
		await unknown("answer_lost");
		provider.calls.length = 0;
		later(soon);
		await Promise.all([node.reconcile(), node.reconcile()]);
		assert.deepEqual(provider.calls, ["lookup"]);
	});

	it("finishes a refund whose answer was lost, once", async () => {
		const id = await unknown("ok");
		provider.fate = () => "answer_lost";
		const promised = await node.call<PaymentView>("refund", { id, amount: 800 }, { id: "sal", roles: ["seller"] });
		assert.equal(promised.refunds[0]?.status, "pending");
		provider.fate = () => "ok";
		later(soon);
		await node.reconcile();
		assert.equal((await node.view(id)).refunded.amount, 800);
		assert.equal((await node.charges(id))[0]?.refunds.length, 1);
	});

	it("moves the deadline before it asks", async () => {
		const id = await unknown("request_lost");
		provider.fate = () => "broken";
		const dues: number[] = [];
		for (const ms of [soon, 20_000, 40_000]) {
			later(ms);
			await node.reconcile();
			dues.push(((await node.stored(id))?.answerDue ?? 0) - clock.now());
		}
		assert.equal((await node.stored(id))?.answerTries, 3);
		assert.deepEqual(dues, [8_000, 8_000, 8_000]);
	});

	it("is not kept from the others by one that always fails, nor by many", async () => {
		const count = profile().kind === "embedded" ? 120 : 60;
		const ids = await Promise.all(Array.from({ length: count }, () => unknown("answer_lost", "sandbox_unknown_outcome")));
		const [bad = ""] = ids;
		await node.service.store.payments.update({ _id: bad }, { $set: { provider: "gone" } });
		later(soon);
		await node.reconcile();
		const payments = await node.service.store.payments.findByIds(ids);
		const left = payments.filter(({ status }) => status !== "captured").map(({ _id }) => _id);
		assert.deepEqual(left, [bad]);
		assert.equal((await node.stored(bad))?.status, "processing");
	});

	it("gives a round up when the store takes no writes, instead of asking for the same payments again and again", async () => {
		await Promise.all(Array.from({ length: 60 }, () => unknown("request_lost")));
		later(soon);
		const { payments } = node.service.store;
		const writes: unknown[] = [];
		const round = new AbortController();
		payments.update = async (where) => {
			if (writes.push(where) > 200) round.abort();
			throw new StoreUnavailable("the disk is full");
		};
		try {
			await assert.rejects(lookAfterPayments(node.service, round.signal), StoreUnavailable);
		} finally {
			Reflect.deleteProperty(payments, "update");
		}
		assert.equal(round.signal.aborted, false);
		await node.reconcile();
	});
});

bothStores("looking after payments, in a second life", (profile) => {
	const realNow = clock.now;
	let node: PaymentNode | undefined;
	afterEach(async () => {
		await node?.stop();
		clock.now = realNow;
	});

	/** The provider has it, whatever becomes of its answer. */
	const charged = ({ charges }: PaymentNode, paymentId: string) =>
		until(
			`the charge of ${paymentId}`,
			() => charges(paymentId),
			({ length }) => length === 1,
		);

	it("settles by itself what the first one left behind", async () => {
		node = await startPaymentNode(profile(), { reconciler: false });
		const provider = flaky(node.sandbox);
		node.use(provider);
		const methods = ["sandbox_success", "sandbox_declined", "sandbox_unknown_outcome", "sandbox_slow"];
		const orders = methods.map((method) => anOrderOf(method));
		const cancelled = anOrderOf("sandbox_success");
		provider.fate = () => "answer_lost";
		for (const order of [...orders, cancelled]) {
			await node.tell("order.placed", order);
			await charged(node, order.paymentId);
		}
		provider.fate = () => "broken";
		await node.tell("order.cancelled", cancelled);
		await node.stop();
		clock.now = () => realNow() + 6_000;
		node = await startPaymentNode(profile());
		const [success, declined, unknown, slow] = orders.map(({ paymentId }) => paymentId);
		await node.until(success ?? "", "captured");
		await node.until(declined ?? "", "declined");
		await node.until(unknown ?? "", "captured");
		await node.until(slow ?? "", "captured");
		await node.until(cancelled.paymentId, "refunded");
		for (const { paymentId } of [...orders, cancelled]) assert.equal((await node.charges(paymentId)).length, 1);
	});
});

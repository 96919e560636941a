import assert from "node:assert/strict";
import type { PaymentView } from "../../../contracts/http/payments.ts";
import { newId } from "../../../contracts/ids.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type FlakyProvider, flaky } from "../../support/flaky-provider.ts";
import { anOrderOf, type PaymentNode, startPaymentNode } from "../../support/payment-node.ts";
import { refused } from "../../support/refused.ts";
import { until } from "../../support/until.ts";

const bea = { id: "bea" };
const sal = { id: "sal", roles: ["seller"] } as const;

bothStores("what people ask of payments", (profile) => {
	let node: PaymentNode;
	let provider: FlakyProvider;
	before(async () => {
		node = await startPaymentNode(profile(), { reconciler: false });
	});
	after(() => node?.stop());
	beforeEach(() => {
		provider = flaky(node.sandbox);
		node.use(provider);
	});

	const aPaymentBy = async (method: string): Promise<string> => {
		const { paymentId, orderId, attempt, buyerId, sellerId, total } = anOrderOf(method);
		await node.call("ensure", { paymentId, orderId, attempt, buyerId, sellerId, amount: total, method });
		return paymentId;
	};
	const refund = (id: string, body: object, as: Parameters<PaymentNode["request"]>[2] = sal) =>
		node.request<PaymentView>("refund", { id, ...body }, as);
	const confirm = (id: string, as: Parameters<PaymentNode["request"]>[2] = bea) =>
		node.request<PaymentView>("confirm", { id }, as);
	const chargeOf = async (id: string) => (await node.charges(id))[0];

	describe("reading", () => {
		it("shows a payment to its buyer, its seller and admins, and to nobody else", async () => {
			const id = await aPaymentBy("sandbox_success");
			for (const as of [bea, sal, { id: "ada", roles: ["admin"] as const }]) {
				assert.equal((await node.call<PaymentView>("get", { id }, as)).status, "captured");
			}
			for (const as of [{ id: "eve" }, { id: "eve", roles: ["seller"] as const }]) {
				await refused(node.call("get", { id }, as), "NOT_FOUND");
			}
			await refused(node.call("get", { id: "nothing" }, bea), "NOT_FOUND");
		});

		it("waits for a payment that its order has named already, and that is still on its way", async () => {
			const { paymentId, orderId, attempt, buyerId, sellerId, total, paymentMethod: method } = anOrderOf("sandbox_success");
			const asked = node.call<PaymentView>("get", { id: paymentId }, bea);
			// The question is asked before the payment is there to be found.
			assert.equal(await node.stored(paymentId), null);
			await node.call("ensure", { paymentId, orderId, attempt, buyerId, sellerId, amount: total, method });
			assert.equal((await asked).id, paymentId);
		});
	});

	describe("refunds", () => {
		it("gives back a part, then another, then the rest, and never more", async () => {
			const id = await aPaymentBy("sandbox_success");
			const first = await refund(id, { amount: 800, reason: "one was broken" });
			assert.equal(first.body.status, "partially_refunded");
			assert.deepEqual(first.body.refunded, { amount: 800, currency: "MYR" });
			assert.deepEqual(
				first.body.refunds.map(({ amount, reason, status }) => [amount.amount, reason, status]),
				[[800, "one was broken", "succeeded"]],
			);
			await refund(id, { amount: 1_000 });
			await refused(refund(id, { amount: 18_001 }), "TRANSITION_REFUSED");
			const rest = await refund(id, {});
			assert.equal(rest.body.status, "refunded");
			assert.equal(rest.body.refunded.amount, 19_800);
			await refused(refund(id, {}), "TRANSITION_REFUSED");
			assert.equal((await chargeOf(id))?.refunded, 19_800);
		});

		it("of many at once gives back no more than there is", async () => {
			const id = await aPaymentBy("sandbox_success");
			const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => refund(id, { amount: 5_000 })));
			assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
			assert.equal((await chargeOf(id))?.refunded, 15_000);
			assert.equal((await node.view(id)).refunded.amount, 15_000);
		});

		it("answers the same request again as it did at first, and does it once", async () => {
			const id = await aPaymentBy("sandbox_success");
			const as = { ...sal, key: newId() };
			const first = await refund(id, { amount: 800 }, as);
			await refund(id, { amount: 100 });
			const second = await refund(id, { amount: 800 }, { ...as, ifMatch: [1] });
			assert.deepEqual(second.body, first.body);
			assert.equal(second.meta.replayed, true);
			assert.equal(first.meta.replayed, undefined);
			assert.equal((await chargeOf(id))?.refunded, 900);
		});

		it("of one request many times at once is one refund", async () => {
			const id = await aPaymentBy("sandbox_success");
			const as = { ...sal, key: newId() };
			const answers = await Promise.all(Array.from({ length: 10 }, () => refund(id, { amount: 800 }, as)));
			assert.equal(new Set(answers.map(({ body }) => body.refunds.map((one) => one.id).join())).size, 1);
			assert.equal((await chargeOf(id))?.refunded, 800);
		});

		it("refuses a key that comes again with another body or for another move", async () => {
			const id = await aPaymentBy("sandbox_success");
			const as = { ...sal, key: newId(), hash: "one" };
			await refund(id, { amount: 800 }, as);
			await refused(refund(id, { amount: 900 }, { ...as, hash: "two" }), "IDEMPOTENCY_KEY_REUSED");
		});

		it("goes on with the same refund when the answer to the first request was lost", async () => {
			const id = await aPaymentBy("sandbox_success");
			const as = { ...sal, key: newId() };
			provider.fate = () => "answer_lost";
			const first = await refund(id, { amount: 800 }, as);
			assert.deepEqual(
				first.body.refunds.map(({ status }) => status),
				["pending"],
			);
			assert.equal(first.body.refunded.amount, 0);
			provider.fate = () => "ok";
			const second = await refund(id, { amount: 800 }, as);
			assert.deepEqual(second.body, first.body);
			await node.service.store.payments.update({ _id: id }, { $set: { answerDue: 0 } });
			await node.reconcile();
			const settled = await node.view(id);
			assert.equal(settled.refunded.amount, 800);
			assert.equal((await chargeOf(id))?.refunded, 800);
			assert.equal((await chargeOf(id))?.refunds.length, 1);
			assert.deepEqual((await refund(id, { amount: 800 }, as)).body, first.body);
		});

		it("goes on where a process died between the promise and the provider", async () => {
			const id = await aPaymentBy("sandbox_success");
			const as = { ...sal, key: newId() };
			const { payments } = node.service.store;
			const update = payments.update.bind(payments);
			// The process dies after its first write: nothing that comes after reaches the store or the provider.
			let writes = 0;
			payments.update = (...args) => {
				writes += 1;
				return writes === 1 ? update(...args) : Promise.reject(new Error("the process is gone"));
			};
			provider.fate = () => "request_lost";
			try {
				await assert.rejects(refund(id, { amount: 800 }, as));
			} finally {
				Reflect.deleteProperty(payments, "update");
			}
			provider.fate = () => "ok";
			const again = await refund(id, { amount: 800 }, as);
			assert.equal(again.body.refunded.amount, 800);
			assert.equal((await chargeOf(id))?.refunds.length, 1);
		});

		it("says so when the provider refuses, and keeps the money's place", async () => {
			const id = await aPaymentBy("sandbox_success");
			node.use({ ...flaky(node.sandbox), refund: async () => ({ status: "failed", code: "card_closed" }) });
			const { body } = await refund(id, { amount: 800 });
			assert.deepEqual(
				body.refunds.map(({ status }) => status),
				["failed"],
			);
			assert.equal(body.status, "captured");
			node.use(provider);
			assert.equal((await refund(id, {})).body.status, "refunded");
		});

		it("is refused to those who have not seen the latest version", async () => {
			const id = await aPaymentBy("sandbox_success");
			const { version } = await node.view(id);
			await refund(id, { amount: 1 }, { ...sal, ifMatch: [version] });
			await refused(refund(id, { amount: 1 }, { ...sal, ifMatch: [version] }), "VERSION_CONFLICT");
		});

		it("is refused before the capture, to the buyer, and hidden from strangers", async () => {
			const id = await aPaymentBy("sandbox_requires_action");
			const { extras } = await refused(refund(id, {}), "TRANSITION_REFUSED");
			assert.deepEqual([extras.from, extras.allowed], ["requires_action", ["confirm"]]);
			await refused(refund(id, {}, { id: "bea", roles: ["buyer", "seller"] }), "FORBIDDEN");
			await refused(refund(id, {}, { id: "eve", roles: ["seller"] }), "NOT_FOUND");
		});

		it("takes whole minor units only", async () => {
			const id = await aPaymentBy("sandbox_success");
			for (const amount of [0, -1, 1.5, "800", 1e300]) {
				const { extras } = await refused(refund(id, { amount }), amount === 1e300 ? "TRANSITION_REFUSED" : "VALIDATION");
				assert.equal(extras.errors?.[0]?.pointer, "/amount");
			}
		});
	});

	describe("confirming", () => {
		it("captures", async () => {
			const id = await aPaymentBy("sandbox_requires_action");
			const { body } = await confirm(id);
			assert.equal(body.status, "captured");
			assert.equal(body.captured.amount, 19_800);
			assert.equal(body.nextAction, undefined);
		});

		it("captures once, and answers a repeat as at first", async () => {
			const id = await aPaymentBy("sandbox_requires_action");
			const as = { ...bea, key: newId() };
			const first = await confirm(id, as);
			await refund(id, { amount: 800 });
			const second = await confirm(id, as);
			assert.deepEqual(second.body, first.body);
			assert.equal(second.meta.replayed, true);
			assert.equal((await chargeOf(id))?.captured, 19_800);
			await refused(confirm(id), "TRANSITION_REFUSED");
		});

		it("goes on when it died before it could write what the provider did", async () => {
			const id = await aPaymentBy("sandbox_requires_action");
			const as = { ...bea, key: newId() };
			const { payments } = node.service.store;
			const update = payments.update.bind(payments);
			let writes = 0;
			payments.update = (...args) => {
				writes += 1;
				return writes === 1 ? update(...args) : Promise.reject(new Error("the process is gone"));
			};
			try {
				await assert.rejects(confirm(id, as));
			} finally {
				Reflect.deleteProperty(payments, "update");
			}
			assert.equal((await chargeOf(id))?.captured, 19_800);
			assert.equal((await confirm(id, as)).body.status, "captured");
		});

		it("answers what is known while the provider does not, and finds out later", async () => {
			const id = await aPaymentBy("sandbox_requires_action");
			provider.fate = () => "answer_lost";
			assert.equal((await confirm(id)).body.status, "requires_action");
			provider.fate = () => "ok";
			await node.service.store.payments.update({ _id: id }, { $set: { answerDue: 0 } });
			await node.reconcile();
			assert.equal((await node.view(id)).status, "captured");
		});

		it("is the buyer's alone, and comes too late after the order ended", async () => {
			const order = anOrderOf("sandbox_requires_action");
			await node.tell("order.placed", order);
			await node.until(order.paymentId, "requires_action");
			await refused(confirm(order.paymentId, sal), "FORBIDDEN");
			await refused(confirm(order.paymentId, { id: "eve" }), "NOT_FOUND");
			await node.tell("order.cancelled", order);
			await node.until(order.paymentId, "voided");
			const { extras } = await refused(confirm(order.paymentId), "TRANSITION_REFUSED");
			assert.deepEqual([extras.from, extras.to, extras.allowed], ["voided", "captured", []]);
			assert.equal((await chargeOf(order.paymentId))?.captured, 0);
		});

		it("loses against a cancel, or the money goes back, whichever comes first", async () => {
			const orders = Array.from({ length: 5 }, () => anOrderOf("sandbox_requires_action"));
			for (const order of orders) {
				await node.tell("order.placed", order);
				await node.until(order.paymentId, "requires_action");
			}
			await Promise.all(
				orders.flatMap((order) => [
					node.tell("order.cancelled", order),
					confirm(order.paymentId).catch((error: { type?: string }) => assert.equal(error.type, "TRANSITION_REFUSED")),
				]),
			);
			for (const { paymentId } of orders) {
				const ended = await until(
					`payment ${paymentId} to end`,
					() => node.view(paymentId),
					({ status }) => status === "voided" || status === "refunded",
				);
				const charge = await chargeOf(paymentId);
				assert.equal(charge?.captured, charge?.refunded);
				assert.equal(ended.captured.amount, charge?.captured);
			}
		});
	});
});

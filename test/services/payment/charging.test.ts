import assert from "node:assert/strict";
import { paymentMethods } from "../../../contracts/http/orders.ts";
import type { PaymentState } from "../../../services/payment/charging.mixin.ts";
import { ProviderUnknown } from "../../../services/payment/provider.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type FlakyProvider, flaky } from "../../support/flaky-provider.ts";
import { anOrderOf, type PaymentNode, startPaymentNode } from "../../support/payment-node.ts";
import { until } from "../../support/until.ts";

bothStores("charging orders", (profile) => {
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

	const heardOf = (paymentId: string): string[] =>
		node.heard.filter(({ subject }) => subject === paymentId).map(({ type }) => type);
	const untilHeard = (paymentId: string, ...types: string[]) =>
		until(
			`${types} of ${paymentId}`,
			async () => heardOf(paymentId),
			(heard) => types.every((type) => heard.includes(type)),
		);
	const ensure = ({ total: amount, paymentMethod: method, ...facts }: ReturnType<typeof anOrderOf>) => {
		const { paymentId, orderId, attempt, buyerId, sellerId } = facts;
		return node.call<PaymentState>("ensure", { paymentId, orderId, attempt, buyerId, sellerId, amount, method });
	};

	describe("when an order is placed", () => {
		const endings = {
			sandbox_success: ["captured", 19_800, undefined],
			sandbox_declined: ["declined", 0, "card_declined"],
			sandbox_insufficient_funds: ["declined", 0, "insufficient_funds"],
			sandbox_requires_action: ["requires_action", 0, undefined],
			sandbox_slow: ["processing", 0, undefined],
			sandbox_unknown_outcome: ["processing", 0, undefined],
		} as const satisfies Record<(typeof paymentMethods)[number], unknown>;
		for (const method of paymentMethods) {
			const [status, captured, declineCode] = endings[method];
			it(`is ${status} at first by ${method}`, async () => {
				const order = anOrderOf(method);
				await node.tell("order.placed", order);
				await until(
					`charge of ${method}`,
					() => node.charges(order.paymentId),
					(charges) => charges.length === 1,
				);
				const payment = await node.until(order.paymentId, status);
				assert.equal(payment.captured.amount, captured);
				assert.equal(payment.declineCode, declineCode);
				assert.equal(payment.attempt, 1);
			});
		}

		it("declines a method that the provider does not know", async () => {
			const order = anOrderOf("sandbox_tooth_gold");
			await node.tell("order.placed", order);
			assert.equal((await node.until(order.paymentId, "declined")).declineCode, "unsupported_method");
		});

		it("tells of it once, with all that a consumer needs", async () => {
			const order = anOrderOf("sandbox_requires_action");
			await node.tell("order.placed", order);
			await untilHeard(order.paymentId, "payment.requires_action");
			const [event] = node.heard.filter(({ subject }) => subject === order.paymentId);
			const { nextAction, ...facts } = { ...event?.data } as Record<string, unknown>;
			assert.deepEqual(facts, {
				...{ paymentId: order.paymentId, orderId: order.orderId, attempt: 1, buyerId: "bea", sellerId: "sal" },
				...{ amount: order.total, method: "sandbox_requires_action" },
			});
			assert.equal((nextAction as { type: string }).type, "redirect");
		});

		it("charges once, though the event comes again and again, at once and later", async () => {
			const order = anOrderOf("sandbox_success");
			await Promise.all([1, 2, 3].map(() => node.tell("order.placed", order)));
			await node.until(order.paymentId, "captured");
			await node.tell("order.placed", order);
			await node.tell("order.placed", anOrderOf("sandbox_success"));
			await untilHeard(order.paymentId, "payment.captured");
			const charges = await node.charges(order.paymentId);
			assert.deepEqual(
				charges.map(({ captured }) => captured),
				[19_800],
			);
			assert.deepEqual(heardOf(order.paymentId), ["payment.captured"]);
		});

		it("costs one insert, one charge and one update", async () => {
			const { payments } = node.service.store;
			const order = anOrderOf("sandbox_success");
			const seen: string[] = [];
			const watched = ["create", "update", "findById", "find", "findOne"] as const;
			for (const name of watched) {
				const call = payments[name].bind(payments) as (...args: unknown[]) => unknown;
				const noting = (...args: unknown[]): unknown => {
					if (isAbout(order, args) && !isBookkeeping(args)) seen.push(name);
					return call(...args);
				};
				Object.assign(payments, { [name]: noting });
			}
			try {
				await node.tell("order.placed", order);
				await untilHeard(order.paymentId, "payment.captured");
			} finally {
				for (const name of watched) Reflect.deleteProperty(payments, name);
			}
			assert.deepEqual(seen, ["create", "update"]);
		});
		/** Others may still be at work on what the test before this one left them. */
		const isAbout = ({ orderId, paymentId }: ReturnType<typeof anOrderOf>, [what]: unknown[]): boolean =>
			[orderId, paymentId].some((id) => JSON.stringify(what).includes(id));
		/** What the bus writes about sent events is no change of the payment: its version stays. */
		const isBookkeeping = ([, update]: unknown[]): boolean => update !== undefined && !("$inc" in (update as object));
	});

	describe("when the buyer pays again", () => {
		it("charges the next attempt beside the one that was declined", async () => {
			const first = anOrderOf("sandbox_declined");
			await node.tell("order.placed", first);
			await node.until(first.paymentId, "declined");
			const second = anOrderOf("sandbox_success", first.orderId, 2);
			await node.tell("order.payment_requested", second);
			await node.until(second.paymentId, "captured");
			assert.notEqual(first.paymentId, second.paymentId);
			assert.equal((await node.view(first.paymentId)).captured.amount, 0);
		});

		it("does not charge while an older attempt is unknown", async () => {
			const first = anOrderOf("sandbox_success");
			provider.fate = () => "request_lost";
			await node.tell("order.placed", first);
			await node.until(first.paymentId, "processing");
			const second = anOrderOf("sandbox_success", first.orderId, 2);
			await node.tell("order.payment_requested", second);
			await node.until(second.paymentId, "processing");
			assert.equal((await ensure(second)).status, "processing");
			assert.deepEqual(await node.charges(second.paymentId), []);
			provider.fate = () => "ok";
			assert.equal((await ensure(second)).status, "captured");
			assert.equal((await node.view(first.paymentId)).status, "captured");
		});
	});

	describe("when it is asked how a payment stands", () => {
		it("charges one that there is none of", async () => {
			const order = anOrderOf("sandbox_success");
			assert.deepEqual(await ensure(order), {
				...{ paymentId: order.paymentId, orderId: order.orderId, attempt: 1, status: "captured" },
			});
		});

		it("says why it was declined", async () => {
			assert.equal((await ensure(anOrderOf("sandbox_insufficient_funds"))).declineCode, "insufficient_funds");
		});

		it("finds a charge whose answer was lost, by its key, and does not charge again", async () => {
			const order = anOrderOf("sandbox_unknown_outcome");
			assert.equal((await ensure(order)).status, "processing");
			assert.equal((await ensure(order)).status, "captured");
			assert.deepEqual(provider.calls, ["charge", "lookup"]);
			assert.equal((await node.charges(order.paymentId)).length, 1);
		});

		for (const fate of ["request_lost", "answer_lost", "broken"] as const) {
			it(`does not know after ${fate.replace("_", " ")}, and charges once in the end`, async () => {
				const order = anOrderOf("sandbox_success");
				provider.fate = () => fate;
				assert.equal((await ensure(order)).status, "processing");
				assert.equal((await ensure(order)).status, "processing");
				provider.fate = () => "ok";
				assert.equal((await ensure(order)).status, "captured");
				const charges = await node.charges(order.paymentId);
				assert.deepEqual(
					charges.map(({ captured }) => captured),
					[19_800],
				);
			});
		}

		it("does not wait for a provider that never answers, and hears it when it is asked again", async () => {
			const order = anOrderOf("sandbox_success");
			let aborted = false;
			node.use({
				...flaky(node.sandbox),
				charge: (_request, { signal }) => new Promise(() => signal.addEventListener("abort", () => (aborted = true))),
			});
			assert.equal((await ensure(order)).status, "processing");
			assert.ok(aborted);
			node.use(provider);
			assert.equal((await ensure(order)).status, "captured");
		});

		it("never sends an old key again", async () => {
			const order = anOrderOf("sandbox_success");
			provider.fate = () => "request_lost";
			await ensure(order);
			provider.fate = () => "ok";
			const forgetful = flaky(node.sandbox);
			node.use({ ...forgetful, keyLife: 0 });
			assert.equal((await ensure(order)).status, "processing");
			assert.deepEqual(forgetful.calls, ["lookup"]);
			assert.deepEqual(await node.charges(order.paymentId), []);
		});

		it("captures what the provider only authorised", async () => {
			const order = anOrderOf("sandbox_success");
			let held = true;
			node.use({
				...flaky(node.sandbox),
				charge: async () => ({ status: "authorized", ref: "auth_1" }),
				capture: async ({ ref }) => {
					if (held) throw new ProviderUnknown("the answer was lost");
					return { status: "captured", ...(ref && { ref }) };
				},
			});
			assert.equal((await ensure(order)).status, "authorized");
			held = false;
			assert.equal((await ensure(order)).status, "captured");
		});
	});

	describe("when an order ends", () => {
		const placedAndUnknown = async (method = "sandbox_success", fate: "request_lost" | "answer_lost" = "answer_lost") => {
			const order = anOrderOf(method);
			provider.fate = (call) => (call === "charge" ? fate : "ok");
			await node.tell("order.placed", order);
			await until(
				"the charge",
				async () => provider.calls,
				(calls) => calls.includes("charge"),
			);
			if (fate === "answer_lost")
				await until(
					"it to be charged",
					() => node.charges(order.paymentId),
					({ length }) => length === 1,
				);
			await node.until(order.paymentId, "processing");
			return order;
		};

		it("leaves a voided payment for an order that comes later, which is not charged", async () => {
			const order = anOrderOf("sandbox_success");
			await node.tell("order.cancelled", order);
			await node.until(order.paymentId, "voided");
			await untilHeard(order.paymentId, "payment.voided");
			await node.tell("order.placed", order);
			await node.tell("order.placed", anOrderOf("sandbox_success"));
			await until(
				"the other charge",
				async () => provider.calls,
				(calls) => calls.includes("charge"),
			);
			assert.equal((await ensure(order)).status, "voided");
			assert.deepEqual(await node.charges(order.paymentId), []);
		});

		it("gives back all that was captured, once, however often it hears of the end", async () => {
			const order = anOrderOf("sandbox_success");
			await ensure(order);
			await node.tell("order.cancelled", order);
			const payment = await node.until(order.paymentId, "refunded");
			await Promise.all([node.tell("order.cancelled", order), node.tell("order.expired", order)]);
			await node.call("refundUnwanted", { paymentId: order.paymentId, reason: "order_not_waiting" });
			assert.deepEqual(
				payment.refunds.map(({ amount, reason }) => [amount.amount, reason]),
				[[19_800, "order_cancelled"]],
			);
			const [charge] = await node.charges(order.paymentId);
			assert.equal(charge?.refunded, 19_800);
			assert.equal(charge?.refunds.length, 1);
			await untilHeard(order.paymentId, "payment.captured", "payment.refunded");
			assert.equal(heardOf(order.paymentId).filter((type) => type === "payment.refunded").length, 1);
		});

		it("tells who ended it with the refund", async () => {
			const order = anOrderOf("sandbox_success");
			await ensure(order);
			await node.tell("order.cancelled", order);
			await untilHeard(order.paymentId, "payment.refunded");
			const refund = node.heard.find(({ type, subject }) => type === "payment.refunded" && subject === order.paymentId);
			assert.equal({ by: "", ...refund?.data }.by, "bea");
		});

		it("voids a payment that waits for the buyer", async () => {
			const order = anOrderOf("sandbox_requires_action");
			await ensure(order);
			await node.tell("order.expired", order);
			await node.until(order.paymentId, "voided");
			const [charge] = await node.charges(order.paymentId);
			assert.equal(charge?.status, "voided");
		});

		it("gives back what was captured while nobody knew", async () => {
			const order = await placedAndUnknown();
			await node.tell("order.cancelled", order);
			await node.until(order.paymentId, "refunded");
			const [charge] = await node.charges(order.paymentId);
			assert.equal(charge?.refunded, 19_800);
			await untilHeard(order.paymentId, "payment.captured", "payment.refunded");
		});

		it("uses up the key of a charge that never arrived, so that it cannot arrive later", async () => {
			const order = await placedAndUnknown("sandbox_success", "request_lost");
			await node.tell("order.cancelled", order);
			await node.until(order.paymentId, "voided");
			const { paymentId, orderId, total: amount, paymentMethod: method } = order;
			const request = { key: paymentId, paymentId, orderId, amount, method, since: Date.now() };
			assert.deepEqual(await node.sandbox.charge(request), { status: "voided" });
		});

		it("voids one that was declined while nobody knew", async () => {
			const order = await placedAndUnknown("sandbox_declined");
			await node.tell("order.cancelled", order);
			assert.equal((await node.until(order.paymentId, "voided")).declineCode, "card_declined");
			assert.deepEqual(heardOf(order.paymentId), ["payment.voided"]);
		});

		it("keeps at it while the provider does not answer", async () => {
			const order = await placedAndUnknown();
			provider.fate = () => "broken";
			await node.tell("order.cancelled", order);
			await until(
				"the try to void",
				async () => provider.calls,
				(calls) => calls.includes("void"),
			);
			assert.equal((await ensure(order)).status, "processing");
			provider.fate = (call) => (call === "refund" ? "answer_lost" : "ok");
			assert.equal((await ensure(order)).status, "captured");
			provider.fate = () => "ok";
			assert.equal((await ensure(order)).status, "refunded");
			const [charge] = await node.charges(order.paymentId);
			assert.equal(charge?.refunds.length, 1);
		});

		it("closes older attempts too: what one of them turns out to have taken goes back", async () => {
			const first = anOrderOf("sandbox_declined");
			await ensure(first);
			const second = anOrderOf("sandbox_success", first.orderId, 2);
			await ensure(second);
			await node.tell("order.cancelled", second);
			await node.until(second.paymentId, "refunded");
			await until(
				"the older one to close",
				() => node.stored(first.paymentId),
				(payment) => payment?.closing !== undefined,
			);
			await node.webhook({ id: `late-${first.paymentId}`, type: "payment.captured", data: { paymentId: first.paymentId } });
			const back = await node.until(first.paymentId, "refunded");
			assert.equal(back.refunded.amount, 19_800);
		});
	});

	describe("when an order does not keep the money", () => {
		it("gives it back once", async () => {
			const order = anOrderOf("sandbox_success");
			await ensure(order);
			const ask = () => node.call<PaymentState>("refundUnwanted", { paymentId: order.paymentId, reason: "order_not_waiting" });
			const [first] = await Promise.all([ask(), ask(), ask()]);
			assert.equal(first?.status, "refunded");
			const [charge] = await node.charges(order.paymentId);
			assert.equal(charge?.refunds.length, 1);
		});

		it("knows nothing of a payment that is not there", async () => {
			assert.equal(await node.call("refundUnwanted", { paymentId: "nobody", reason: "order_not_waiting" }), null);
		});
	});
});

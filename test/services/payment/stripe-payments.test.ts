import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { bothStores } from "../../support/both-stores.ts";
import { anOrderOf } from "../../support/payment-node.ts";
import { refused } from "../../support/refused.ts";
import { type StripeNode, startStripeNode, stripeSecret, stripeSignature } from "../../support/stripe-node.ts";

bothStores("payments by Stripe", (profile) => {
	let stripe: StripeNode;
	const realNow = clock.now;
	const node = () => stripe.node;
	const books = () => stripe.server.books;
	before(async () => {
		stripe = await startStripeNode(profile());
	});
	after(() => stripe?.stop());
	afterEach(async () => {
		clock.now = realNow;
		stripe.server.calm();
		books().slowRefunds = false;
		await stripe.use([stripeSecret]);
	});

	const later = (ms: number): void => {
		clock.now = () => realNow() + ms;
	};
	const history = async (id: string): Promise<string[]> => ((await node().stored(id))?.history ?? []).map(({ event }) => event);
	const status = async (id: string): Promise<string> => (await node().view(id)).status;
	const refund = (id: string, amount?: number, key?: string) =>
		node().request("refund", { id, ...(amount && { amount }) }, { id: "sal", roles: ["seller"], ...(key && { key }) });
	const loseCharges = (answer: "drop" | "hang" | 429 | 500 = "drop", done = true): void =>
		stripe.server.fault({ on: "POST /v1/payment_intents", done, answer, times: answer === "drop" ? 2 : 1 });
	const gone = async (order: ReturnType<typeof anOrderOf>, wanted: "voided" | "refunded"): Promise<void> => {
		await node().tell("order.cancelled", order);
		await node().until(order.paymentId, wanted);
		assert.equal(books().takenFor(order.paymentId), 0);
	};

	describe("a charge", () => {
		it("is captured, and knows its name at Stripe", async () => {
			const id = await stripe.pay("pm_card_visa");
			const payment = await node().stored(id);
			assert.deepEqual([payment?.status, payment?.provider, payment?.captured], ["captured", "stripe", 19_800]);
			assert.equal(payment?.providerRef, books().intentOf(id).id);
		});

		it("is declined with a reason that the buyer may know", async () => {
			const id = await stripe.pay("pm_card_visa_chargeDeclinedInsufficientFunds");
			const payment = await node().view(id);
			assert.deepEqual([payment.status, payment.declineCode, payment.captured.amount], ["declined", "insufficient_funds", 0]);
		});

		it("waits for the buyer, is confirmed by them and captured", async () => {
			const id = await stripe.pay("pm_card_authenticationRequired");
			const { nextAction } = await node().view(id);
			assert.equal(nextAction?.url, `https://hooks.stripe.test/3d_secure/${books().intentOf(id).id}`);
			books().authenticate(books().intentOf(id).id, true);
			await node().request("confirm", { id }, { id: "bea" });
			assert.deepEqual([await status(id), books().takenFor(id)], ["captured", 19_800]);
		});

		it("that is only authorised is captured", async () => {
			const id = await stripe.pay("pm_card_manual");
			assert.deepEqual([await status(id), books().takenFor(id)], ["captured", 19_800]);
		});

		for (const [answer, done] of [
			["drop", true],
			["drop", false],
			[429, false],
			[500, true],
		] as const) {
			it(`is made once when its answer is lost (${answer}, ${done ? "done" : "not done"})`, async () => {
				loseCharges(answer, done);
				const order = anOrderOf("pm_card_visa");
				const id = order.paymentId;
				assert.equal((await stripe.ask(order)).status, "processing");
				later(10_000);
				await Promise.all([node().reconcile(), node().reconcile(), stripe.ask(order), stripe.ask(order)]);
				await node().reconcile();
				await node().until(id, "captured");
				assert.equal(books().takenFor(id), 19_800);
				assert.equal(books().intentsOf(id).length, 1);
				assert.deepEqual(await history(id), ["begin", "provider_captured"]);
			});
		}

		it("is made once when Stripe hangs over it", async () => {
			await stripe.use([stripeSecret], 400);
			loseCharges("hang");
			const id = await stripe.pay("pm_card_visa");
			assert.equal(await status(id), "processing");
			later(10_000);
			await node().reconcile();
			assert.deepEqual([await status(id), books().takenFor(id)], ["captured", 19_800]);
		});

		it("whose key Stripe has forgotten is found, and never sent again", async () => {
			loseCharges();
			const id = await stripe.pay("pm_card_visa");
			stripe.server.forgetKeys();
			later(25 * 3_600_000);
			await node().reconcile();
			assert.deepEqual([await status(id), books().takenFor(id)], ["captured", 19_800]);
			assert.equal(books().intentsOf(id).length, 1);
		});

		it("stays with the sandbox that began it", async () => {
			const { providers } = node().service;
			node().service.providers = new Map([...providers].reverse());
			const id = await stripe.pay("sandbox_requires_action");
			node().service.providers = providers;
			await node().request("confirm", { id }, { id: "bea" });
			assert.deepEqual([await status(id), (await node().stored(id))?.provider], ["captured", "sandbox"]);
		});
	});

	describe("when the order is cancelled", () => {
		const placed = async (method: string) => {
			const order = anOrderOf(method);
			await stripe.ask(order);
			return order;
		};

		it("what was captured goes back", async () => gone(await placed("pm_card_visa"), "refunded"));
		it("what waits for the buyer is cancelled", async () => gone(await placed("pm_card_authenticationRequired"), "voided"));

		it("a charge whose answer was lost is found and goes back", async () => {
			loseCharges();
			await gone(await placed("pm_card_visa"), "refunded");
		});

		it("a charge that never arrived never will", async () => {
			loseCharges("drop", false);
			const order = await placed("pm_card_visa");
			await gone(order, "voided");
			const stored = await node().stored(order.paymentId);
			const { total: amount, paymentId, orderId } = order;
			const request = { key: paymentId, paymentId, orderId, amount, method: "pm_card_visa", since: Date.now() };
			const late = await node().service.providers.get("stripe")?.charge(request, new AbortController());
			assert.deepEqual([late?.status, stored?.status], ["voided", "voided"]);
			assert.equal(books().takenFor(paymentId), 0);
		});

		it("a slow bank's capture goes back when it comes", async () => {
			const order = await placed("pm_sepaDebit");
			await node().tell("order.cancelled", order);
			await node().call("refundUnwanted", { paymentId: order.paymentId, reason: "order_cancelled" });
			books().settle(books().intentOf(order.paymentId).id, true);
			await stripe.webhook(stripe.event(order.paymentId, "payment_intent.succeeded"));
			await node().until(order.paymentId, "refunded");
			assert.equal(books().takenFor(order.paymentId), 0);
		});
	});

	describe("a refund", () => {
		it("may be in parts, up to what was captured", async () => {
			const id = await stripe.pay("pm_card_visa");
			await refund(id, 5_000);
			assert.deepEqual([await status(id), books().takenFor(id)], ["partially_refunded", 14_800]);
			await refused(refund(id, 14_801), "TRANSITION_REFUSED");
			await refund(id);
			assert.deepEqual([await status(id), books().takenFor(id)], ["refunded", 0]);
		});

		it("is done once when its answer is lost and the request comes again", async () => {
			const id = await stripe.pay("pm_card_visa");
			stripe.server.fault({ on: "POST /v1/refunds", done: true, answer: "drop", times: 2 });
			await refund(id, 5_000, "refund-once");
			await refund(id, 5_000, "refund-once");
			later(10_000);
			await node().reconcile();
			assert.deepEqual([await status(id), books().takenFor(id)], ["partially_refunded", 14_800]);
		});

		it("that is pending is settled by what Stripe tells", async () => {
			const id = await stripe.pay("pm_card_visa");
			books().slowRefunds = true;
			await refund(id, 5_000);
			await stripe.webhook(stripe.event(id, "charge.refunded"));
			assert.equal((await node().view(id)).refunds[0]?.status, "pending");
			const [made] = books().refundsOf(books().intentOf(id).id);
			books().settleRefund(made?.id ?? "", true);
			await stripe.webhook(stripe.event(id, "refund.updated"));
			const payment = await node().view(id);
			assert.deepEqual([payment.status, payment.refunded.amount], ["partially_refunded", 5_000]);
		});

		it("that fails at the bank frees its amount", async () => {
			const id = await stripe.pay("pm_card_visa");
			books().slowRefunds = true;
			await refund(id);
			const [made] = books().refundsOf(books().intentOf(id).id);
			books().settleRefund(made?.id ?? "", false);
			books().slowRefunds = false;
			await stripe.webhook(stripe.event(id, "refund.failed"));
			assert.equal((await node().view(id)).refunds[0]?.status, "failed");
			await refund(id);
			assert.deepEqual([await status(id), books().takenFor(id)], ["refunded", 0]);
		});
	});

	describe("a webhook", () => {
		it("captures what a slow bank has paid, once, however often it comes", async () => {
			const id = await stripe.pay("pm_sepaDebit");
			assert.equal(await status(id), "processing");
			books().settle(books().intentOf(id).id, true);
			const event = stripe.event(id, "payment_intent.succeeded");
			await Promise.all(Array.from({ length: 5 }, () => stripe.webhook(event)));
			assert.deepEqual(await stripe.webhook(event), { received: true });
			assert.deepEqual(await history(id), ["begin", "provider_captured"]);
		});

		it("declines what a slow bank has refused", async () => {
			const id = await stripe.pay("pm_sepaDebit");
			books().settle(books().intentOf(id).id, false);
			await stripe.webhook(stripe.event(id, "payment_intent.payment_failed"));
			const payment = await node().view(id);
			assert.deepEqual([payment.status, payment.declineCode], ["declined", "insufficient_funds"]);
		});

		it("tells of the step that the buyer has to take, where the answer was lost", async () => {
			loseCharges();
			const id = await stripe.pay("pm_card_authenticationRequired");
			await stripe.webhook(stripe.event(id, "payment_intent.requires_action"));
			assert.equal(await status(id), "requires_action");
			books().cancel(books().intentOf(id).id);
			await stripe.webhook(stripe.event(id, "payment_intent.canceled"));
			assert.equal(await status(id), "voided");
		});

		it("changes nothing when it comes late and in the wrong order", async () => {
			const id = await stripe.pay("pm_card_authenticationRequired");
			const { id: ref } = books().intentOf(id);
			books().authenticate(ref, true);
			await stripe.webhook(stripe.event(id, "payment_intent.succeeded"));
			await stripe.webhook(stripe.event(id, "payment_intent.requires_action"));
			assert.deepEqual(await history(id), ["begin", "provider_requires_action", "provider_captured"]);
		});

		it("of an earlier decline does not hide a capture that was not heard of", async () => {
			loseCharges();
			const id = await stripe.pay("pm_card_visa");
			const intent = {
				...books().intentOf(id),
				status: "requires_payment_method",
				last_payment_error: { code: "card_declined" },
			};
			await stripe.webhook({
				...{ id: `evt_${id}`, type: "payment_intent.payment_failed", livemode: false },
				data: { object: intent },
			});
			assert.deepEqual(await history(id), ["begin", "provider_captured"]);
		});

		it("is stored and read as saying nothing if it is of another kind, another mode or nobody of ours", async () => {
			const id = await stripe.pay("pm_sepaDebit");
			books().settle(books().intentOf(id).id, true);
			const event = stripe.event(id, "payment_intent.succeeded") as { id: string; data: { object: object } };
			const others = [
				{ ...event, id: `${event.id}_kind`, type: "payment_intent.created" },
				{ ...event, id: `${event.id}_mode`, livemode: true },
				{ ...event, id: `${event.id}_whose`, data: { object: { ...event.data.object, metadata: {} } } },
				{ ...event, id: `${event.id}_whom`, data: { object: { ...event.data.object, metadata: null } } },
			];
			for (const other of others) {
				assert.deepEqual(await stripe.webhook(other), { received: true });
				assert.equal((await node().service.store.webhooks.findById(`stripe:${other.id}`))?.state, "ignored");
			}
			assert.equal(await status(id), "processing");
		});

		it("is refused and not stored if it is forged, changed, old, early or unsigned", async () => {
			const id = await stripe.pay("pm_sepaDebit");
			books().settle(books().intentOf(id).id, true);
			const event = stripe.event(id, "payment_intent.succeeded") as { id: string };
			const raw = JSON.stringify(event);
			const wrong = [
				{ secret: "whsec_of_somebody_else" },
				{ at: Date.now() - 301_000 },
				{ at: Date.now() + 310_000 },
				{ raw: `${raw} `, header: stripeSignature(raw) },
				{ header: "" },
				{ header: stripeSignature(raw).replace("v1=", "v0=") },
			];
			for (const options of wrong) await refused(stripe.webhook(event, options), "BAD_SIGNATURE");
			const ours = { provider: "stripe", rawBody: raw, headers: { "souk-signature": stripeSignature(raw) } };
			await refused(node().broker.call("payment.webhook", ours), "BAD_SIGNATURE");
			assert.equal(await node().service.store.webhooks.findById(`stripe:${event.id}`), null);
			assert.equal(await status(id), "processing");
			assert.deepEqual(await stripe.webhook(event, { at: Date.now() - 290_000 }), { received: true });
			assert.equal(await status(id), "captured");
		});

		it("may change its secret while webhooks flow", async () => {
			const next = "whsec_of_the_day_after";
			const id = await stripe.pay("pm_sepaDebit");
			books().settle(books().intentOf(id).id, true);
			const event = stripe.event(id, "payment_intent.succeeded");
			await refused(stripe.webhook(event, { secret: next }), "BAD_SIGNATURE");
			await stripe.use([next, stripeSecret]);
			const raw = JSON.stringify(event);
			const both = `${stripeSignature(raw, "whsec_that_is_gone_already")},${stripeSignature(raw, next).split(",")[1]}`;
			await stripe.webhook(event, { header: both });
			assert.equal(await status(id), "captured");
			await stripe.webhook(event, { secret: stripeSecret });
			await stripe.use([next]);
			await refused(stripe.webhook(event), "BAD_SIGNATURE");
		});

		it("must be an event", async () => {
			await refused(stripe.webhook(null, { raw: "not json" }), "VALIDATION");
			await refused(stripe.webhook({ id: "evt_1", type: "payment_intent.succeeded" }), "VALIDATION");
		});

		it("is applied later if Stripe cannot be asked about it now", async () => {
			const id = await stripe.pay("pm_sepaDebit");
			books().settle(books().intentOf(id).id, false);
			const event = stripe.event(id, "payment_intent.payment_failed") as { id: string };
			stripe.server.fault({ on: "GET /v1/payment_intents/", done: false, answer: 500 });
			assert.deepEqual(await stripe.webhook(event), { received: true });
			assert.equal((await node().service.store.webhooks.findById(`stripe:${event.id}`))?.state, "stored");
			later(10_000);
			await node().reconcile();
			assert.equal(await status(id), "declined");
		});
	});
});

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { clock } from "../../../config/clock.ts";
import { newId } from "../../../contracts/ids.ts";
import { type ChargeRequest, type Provider, ProviderUnknown } from "../../../services/payment/provider.ts";
import { stripeProvider } from "../../../services/payment/stripe.ts";
import { stripeApiVersion } from "../../../services/payment/stripe-client.ts";
import { type StripeServer, startStripe, stripeKey } from "../../support/stripe-server.ts";
import { until } from "../../support/until.ts";

const hour = 3_600_000;

describe("Stripe behind the provider's port", () => {
	let server: StripeServer;
	let stripe: Provider;
	const realNow = clock.now;
	const open = (secretKey = stripeKey, patience = 2_000, apiUrl = server.url): Promise<Provider> =>
		stripeProvider({ secretKey, apiUrl, secrets: [], returnUrl: "https://souk.example", patience });
	before(async () => {
		server = await startStripe(stripeApiVersion);
		stripe = await open();
	});
	after(() => server?.stop());
	afterEach(() => {
		clock.now = realNow;
		server.books.indexBehind = false;
		server.books.slowRefunds = false;
		server.calm();
	});

	const { signal } = new AbortController();
	const call = { signal };
	const by = (method: string, change: Partial<ChargeRequest> = {}): ChargeRequest => {
		const paymentId = newId();
		const amount = { amount: 19_800, currency: "MYR" };
		return { key: paymentId, paymentId, orderId: newId(), amount, method, since: clock.now(), ...change };
	};
	const intents = (request: ChargeRequest) => server.books.intentsOf(request.paymentId);
	const refOf = (request: ChargeRequest) => server.books.intentOf(request.paymentId).id;
	const isUnknown = (error: unknown): boolean => error instanceof ProviderUnknown;
	const isFault = (error: unknown): boolean => error instanceof Error && !isUnknown(error);
	const later = (ms: number): void => {
		clock.now = () => realNow() + ms;
	};
	/** Charges, and learns nothing of what became of it. */
	const chargeUnheard = async (request: ChargeRequest): Promise<void> => {
		server.fault({ on: "POST /v1/payment_intents", done: true, answer: "drop", times: 2 });
		await assert.rejects(stripe.charge(request, call), isUnknown);
	};

	describe("a charge", () => {
		it("is one request: confirmed at once, under our key, for the pinned version", async () => {
			const request = by("pm_card_visa");
			assert.deepEqual(await stripe.charge(request, call), { status: "captured", ref: refOf(request) });
			assert.equal(server.requests.length, 1);
			const [seen] = server.requests;
			assert.equal(seen?.what, "POST /v1/payment_intents");
			assert.equal(seen?.key, request.key);
			assert.equal(seen?.headers["stripe-version"], stripeApiVersion);
			assert.deepEqual(seen?.params, {
				...{ amount: "19800", currency: "myr", payment_method: "pm_card_visa", confirm: "true", capture_method: "automatic" },
				automatic_payment_methods: { enabled: "true" },
				return_url: "https://souk.example",
				metadata: { paymentId: request.paymentId, orderId: request.orderId },
			});
		});

		const outcomes: [method: string, status: string, declineCode?: string][] = [
			["pm_card_visa", "captured"],
			["pm_card_manual", "authorized"],
			["pm_sepaDebit", "processing"],
			["pm_card_authenticationRequired", "requires_action"],
			["pm_card_visa_chargeDeclined", "declined", "card_declined"],
			["pm_card_visa_chargeDeclinedStolenCard", "declined", "card_declined"],
			["pm_card_visa_chargeDeclinedInsufficientFunds", "declined", "insufficient_funds"],
			["pm_card_chargeDeclinedExpiredCard", "declined", "expired_card"],
			["pm_card_chargeDeclinedIncorrectCvc", "declined", "incorrect_cvc"],
			["pm_nobody_has_this", "declined", "unsupported_method"],
			["sandbox_success", "declined", "unsupported_method"],
		];
		for (const [method, status, declineCode] of outcomes) {
			it(`by ${method} is ${status}, first and when it is repeated`, async () => {
				const request = by(method);
				for (const _round of [1, 2, 3]) {
					const outcome = await stripe.charge(request, call);
					assert.equal(outcome.status, status);
					assert.equal(outcome.status === "declined" ? outcome.declineCode : undefined, declineCode);
				}
				assert.ok(intents(request).length <= 1);
			});
		}

		it("counts in Stripe's units, and is declined where Stripe has none for it", async () => {
			const yen = by("pm_card_visa", { amount: { amount: 500, currency: "JPY" } });
			assert.equal((await stripe.charge(yen, call)).status, "captured");
			assert.equal(server.books.intentOf(yen.paymentId).amount, 500);
			const krona = by("pm_card_visa", { amount: { amount: 5, currency: "ISK" } });
			assert.equal((await stripe.charge(krona, call)).status, "captured");
			assert.equal(server.books.intentOf(krona.paymentId).amount, 500);
			const codes: [number, string, string][] = [
				[12_345, "KWD", "amount_not_supported"],
				[1, "MYR", "amount_too_small"],
				[100_000_000, "MYR", "amount_too_large"],
				[1_000, "CHE", "currency_not_supported"],
			];
			for (const [amount, currency, declineCode] of codes)
				assert.deepEqual(await stripe.charge(by("pm_card_visa", { amount: { amount, currency } }), call), {
					...{ status: "declined", declineCode },
				});
		});

		it("tells the buyer where to go, and how it stands once they were there", async () => {
			const request = by("pm_card_authenticationRequired");
			const ref = () => refOf(request);
			const url = () => `https://hooks.stripe.test/3d_secure/${ref()}`;
			const waiting = await stripe.charge(request, call);
			assert.deepEqual(waiting, { status: "requires_action", nextAction: { type: "redirect", url: url() }, ref: ref() });
			assert.equal((await stripe.confirm({ ...request, ref: ref() }, call)).status, "requires_action");
			server.books.authenticate(ref(), true);
			assert.deepEqual(await stripe.confirm({ ...request, ref: ref() }, call), { status: "captured", ref: ref() });
			assert.deepEqual(await stripe.charge(request, call), { status: "captured", ref: ref() });
		});

		it("is declined when the bank did not know the buyer", async () => {
			const request = by("pm_card_authenticationRequired");
			await stripe.charge(request, call);
			server.books.authenticate(refOf(request), false);
			const outcome = await stripe.lookup({ ...request, ref: refOf(request) }, call);
			assert.deepEqual(outcome, { status: "declined", declineCode: "authentication_failed", ref: refOf(request) });
		});

		it("is not called anything while it asks for a step without an address", async () => {
			await assert.rejects(stripe.charge(by("pm_card_sdkOnly"), call), isUnknown);
		});

		it("that is only authorised is captured once", async () => {
			const request = by("pm_card_manual");
			await stripe.charge(request, call);
			const known = { ...request, ref: refOf(request) };
			server.fault({ on: `POST /v1/payment_intents/${known.ref}/capture`, done: true, answer: 500 });
			await assert.rejects(stripe.capture(known, call), isUnknown);
			assert.deepEqual(await stripe.capture(known, call), { status: "captured", ref: known.ref });
			assert.equal(server.books.takenFor(request.paymentId), 19_800);
		});
	});

	describe("when the answer is lost", () => {
		const losses = [
			{ name: "the connection is closed after the work", done: true, answer: "drop", times: 2 },
			{ name: "the connection is closed before the work", done: false, answer: "drop", times: 2 },
			{ name: "Stripe has too much to do", done: false, answer: 429, times: 1 },
		] as const;
		for (const { name, ...fault } of losses) {
			it(`because ${name}, the same request finds it or does it, once`, async () => {
				const request = by("pm_card_visa");
				server.fault({ on: "POST /v1/payment_intents", ...fault });
				await assert.rejects(stripe.charge(request, call), isUnknown);
				assert.equal(await stripe.lookup(request, call), null);
				assert.deepEqual(await stripe.charge(request, call), { status: "captured", ref: refOf(request) });
				assert.equal(server.books.takenFor(request.paymentId), 19_800);
			});
		}

		it("because Stripe hangs, it ends on time and the same request does it, once", async () => {
			const hasty = await open(stripeKey, 300);
			const request = by("pm_card_visa");
			server.fault({ on: "POST /v1/payment_intents", done: true, answer: "hang" });
			await assert.rejects(hasty.charge(request, call), isUnknown);
			assert.equal((await stripe.charge(request, call)).status, "captured");
			assert.equal(server.books.takenFor(request.paymentId), 19_800);
		});

		it("survives one closed connection by itself, under the same key", async () => {
			const request = by("pm_card_visa");
			server.fault({ on: "POST /v1/payment_intents", done: true, answer: "drop" });
			assert.equal((await stripe.charge(request, call)).status, "captured");
			assert.equal(intents(request).length, 1);
			assert.deepEqual([...new Set(server.requests.flatMap(({ key }) => key ?? []))], [request.key]);
		});

		it("in a fault that Stripe repeats under the key, the intent is searched for", async () => {
			const request = by("pm_card_visa");
			server.fault({ on: "POST /v1/payment_intents", done: true, answer: 500 });
			await assert.rejects(stripe.charge(request, call), isUnknown);
			server.books.indexBehind = true;
			await assert.rejects(stripe.charge(request, call), isUnknown);
			server.books.indexBehind = false;
			assert.deepEqual(await stripe.charge(request, call), { status: "captured", ref: refOf(request) });
			assert.equal(intents(request).length, 1);
		});

		it("of a decline, it is found to be one", async () => {
			const request = by("pm_card_visa_chargeDeclinedInsufficientFunds");
			await chargeUnheard(request);
			const { ref, ...outcome } = await stripe.charge(request, call);
			assert.deepEqual([outcome, ref], [{ status: "declined", declineCode: "insufficient_funds" }, refOf(request)]);
		});

		it("and the same charge is still on its way, that is unknown too", async () => {
			const request = by("pm_card_visa");
			server.fault({ on: "POST /v1/payment_intents", done: true, answer: "hold" });
			const first = stripe.charge(request, call);
			await until(
				"the first charge to be on its way",
				async () => server.requests.length,
				(count) => count === 1,
			);
			await assert.rejects(stripe.charge(request, call), isUnknown);
			await assert.rejects(stripe.void(request, call), isUnknown);
			server.release();
			assert.equal((await first).status, "captured");
		});

		it("and the key is forgotten, it is searched for and never sent again", async () => {
			const request = by("pm_card_visa");
			await chargeUnheard(request);
			server.forgetKeys();
			later(23 * hour);
			server.requests.length = 0;
			assert.deepEqual(await stripe.lookup(request, call), { status: "captured", ref: refOf(request) });
			assert.ok(server.requests.every(({ what }) => what.startsWith("GET ")));
			assert.equal(await stripe.lookup(by("pm_card_visa", { since: 0 }), call), null);
		});

		it("and our own requests have changed since, it is searched for", async () => {
			const request = by("pm_card_visa");
			await stripe.charge(request, call);
			const moved = { secretKey: stripeKey, apiUrl: server.url, secrets: [], returnUrl: "https://new.souk.example" };
			assert.equal((await (await stripeProvider(moved)).charge(request, call)).status, "captured");
			assert.equal(intents(request).length, 1);
		});
	});

	describe("a void", () => {
		it("cancels what waits for the buyer", async () => {
			const request = by("pm_card_authenticationRequired");
			await stripe.charge(request, call);
			const known = { ...request, ref: refOf(request) };
			assert.deepEqual(await stripe.void(known, call), { status: "voided", ref: known.ref });
			assert.deepEqual(await stripe.void(known, call), { status: "voided", ref: known.ref });
		});

		it("says that it came too late", async () => {
			const request = by("pm_card_visa");
			await stripe.charge(request, call);
			assert.deepEqual(await stripe.void({ ...request, ref: refOf(request) }, call), { status: "captured", ref: refOf(request) });
		});

		it("uses up the key of a charge that never arrived, so that it cannot arrive later", async () => {
			const request = by("pm_card_visa");
			assert.equal((await stripe.void(request, call)).status, "voided");
			assert.deepEqual(await stripe.charge(request, call), { status: "voided", ref: refOf(request) });
			assert.equal((await stripe.void(request, call)).status, "voided");
			assert.equal(server.books.takenFor(request.paymentId), 0);
			assert.equal(intents(request).length, 1);
		});

		it("is done once when its own answers are lost", async () => {
			const request = by("pm_card_visa");
			server.fault({ on: "POST /v1/payment_intents", done: true, answer: "drop", times: 2 });
			await assert.rejects(stripe.void(request, call), isUnknown);
			const cancel = `POST /v1/payment_intents/${refOf(request)}/cancel`;
			server.fault({ on: cancel, done: true, answer: "drop", times: 2 });
			await assert.rejects(stripe.void(request, call), isUnknown);
			assert.equal((await stripe.void(request, call)).status, "voided");
			assert.equal(intents(request).length, 1);
		});

		for (const method of ["pm_card_visa", "pm_card_authenticationRequired", "pm_card_visa_chargeDeclined"]) {
			it(`finds the charge by ${method} whose answer was lost`, async () => {
				const request = by(method);
				await chargeUnheard(request);
				const outcome = await stripe.void(request, call);
				assert.equal(outcome.status, method === "pm_card_visa" ? "captured" : "voided");
				assert.equal(outcome.ref, refOf(request));
			});
		}

		it("of a charge that Stripe would never take needs no intent", async () => {
			for (const request of [by("sandbox_success"), by("pm_card_visa", { amount: { amount: 1, currency: "MYR" } })]) {
				assert.deepEqual(await stripe.void(request, call), { status: "voided" });
				assert.deepEqual(intents(request), []);
			}
		});

		it("searches when the key is forgotten", async () => {
			const request = by("pm_card_authenticationRequired");
			await chargeUnheard(request);
			server.forgetKeys();
			later(23 * hour);
			assert.deepEqual(await stripe.void(request, call), { status: "voided", ref: refOf(request) });
			assert.deepEqual(await stripe.void(by("pm_card_visa", { since: 0 }), call), { status: "voided" });
		});

		it("is not done while the bank is at it", async () => {
			const request = by("pm_sepaDebit");
			await stripe.charge(request, call);
			const known = { ...request, ref: refOf(request) };
			await assert.rejects(stripe.void(known, call), isUnknown);
			server.books.settle(known.ref, true);
			assert.equal((await stripe.void(known, call)).status, "captured");
		});
	});

	describe("a refund", () => {
		const captured = async (): Promise<ChargeRequest> => {
			const request = by("pm_card_visa");
			await stripe.charge(request, call);
			return { ...request, ref: refOf(request) };
		};
		const back = (charge: ChargeRequest, amount: number, key = newId()) => ({
			...{ key, since: clock.now(), charge, amount: { amount, currency: "MYR" } },
		});
		const givenBack = ({ ref }: ChargeRequest) => server.books.refundsOf(ref ?? "").map(({ amount }) => amount);

		it("gives parts back, up to what was captured", async () => {
			const charge = await captured();
			assert.deepEqual(await stripe.refund(back(charge, 5_000), call), { status: "succeeded" });
			assert.deepEqual(await stripe.refund(back(charge, 14_800), call), { status: "succeeded" });
			assert.deepEqual(await stripe.refund(back(charge, 1), call), { status: "failed", code: "charge_already_refunded" });
			assert.deepEqual(givenBack(charge), [14_800, 5_000]);
		});

		it("is done once, whatever becomes of its answers", async () => {
			const charge = await captured();
			const refund = back(charge, 5_000);
			for (const answer of ["drop", "hang", 500] as const) {
				server.fault({ on: "POST /v1/refunds", done: true, answer, times: answer === "drop" ? 2 : 1 });
				const hasty = await open(stripeKey, 400);
				await hasty.refund(refund, call).catch((error: unknown) => assert.ok(isUnknown(error), inspect(error)));
			}
			assert.deepEqual(await stripe.refund(refund, call), { status: "succeeded" });
			assert.deepEqual(givenBack(charge), [5_000]);
		});

		it("that ended in a fault which Stripe repeats is looked for among the refunds", async () => {
			const charge = await captured();
			const refund = back(charge, 5_000);
			server.fault({ on: "POST /v1/refunds", done: true, answer: 500 });
			await assert.rejects(stripe.refund(refund, call), isUnknown);
			assert.deepEqual(await stripe.refund(refund, call), { status: "succeeded" });
			const nothing = back(charge, 6_000);
			server.fault({ on: "POST /v1/refunds", done: false, answer: 500 });
			await assert.rejects(stripe.refund(nothing, call), isUnknown);
			await assert.rejects(stripe.refund(nothing, call), isUnknown);
			assert.deepEqual(givenBack(charge), [5_000]);
		});

		it("may be pending for days, and is not sent again when Stripe has forgotten its key", async () => {
			const charge = await captured();
			const refund = back(charge, 5_000);
			server.books.slowRefunds = true;
			assert.deepEqual(await stripe.refund(refund, call), { status: "pending" });
			assert.deepEqual(await stripe.refund(refund, call), { status: "pending" });
			server.forgetKeys();
			later(30 * hour);
			assert.deepEqual(await stripe.refund(refund, call), { status: "pending" });
			const [made] = server.books.refundsOf(charge.ref ?? "");
			server.books.settleRefund(made?.id ?? "", false);
			assert.deepEqual(await stripe.refund(refund, call), { status: "failed", code: "lost_or_stolen_card" });
			assert.deepEqual(givenBack(charge), [5_000]);
		});

		it("tells how it stands now, not how it stood first", async () => {
			const charge = await captured();
			const refund = back(charge, 5_000);
			server.books.slowRefunds = true;
			await stripe.refund(refund, call);
			server.books.settleRefund(server.books.refundsOf(charge.ref ?? "")[0]?.id ?? "", true);
			assert.deepEqual(await stripe.refund(refund, call), { status: "succeeded" });
		});

		it("counts in Stripe's units", async () => {
			const amount = { amount: 5, currency: "ISK" };
			const request = by("pm_card_visa", { amount });
			await stripe.charge(request, call);
			const charge = { ...request, ref: refOf(request) };
			const refund = { ...back(charge, 5), amount: { amount: 5, currency: "ISK" } };
			assert.deepEqual(await stripe.refund(refund, call), { status: "succeeded" });
			assert.deepEqual(givenBack(charge), [500]);
		});
	});

	describe("the key", () => {
		it("that Stripe refuses is a fault for people to mend, and stands in no error", async () => {
			const wrong = "sk_test_51WrongKeyThatNobodyMaySee";
			const refusing = await open(wrong);
			const request = by("pm_card_visa");
			const errors: unknown[] = [];
			const keep = (error: unknown) => {
				errors.push(error);
				return isFault(error);
			};
			await assert.rejects(refusing.charge(request, call), keep);
			await assert.rejects(refusing.lookup({ ...request, ref: "pi_1" }, call), keep);
			await assert.rejects(refusing.void(request, call), keep);
			await assert.rejects(
				refusing.refund({ key: "r", since: clock.now(), charge: { ...request, ref: "pi_1" }, amount: request.amount }, call),
				keep,
			);
			const text = inspect(errors, { depth: 10, showHidden: true });
			assert.ok(!text.includes(wrong), text);
			assert.deepEqual(intents(request), []);
		});

		it("stands in no error when nobody answers either", async () => {
			const nowhere = await open(stripeKey, 1_000, "http://127.0.0.1:9");
			const failure = await nowhere.charge(by("pm_card_visa"), call).catch((error: unknown) => error);
			assert.ok(isUnknown(failure), inspect(failure));
			assert.ok(!inspect(failure, { depth: 10, showHidden: true }).includes(stripeKey));
		});

		it("of another account does not make us guess", async () => {
			const request = by("pm_card_visa", { ref: "pi_of_another_account" });
			await assert.rejects(stripe.lookup(request, call), isFault);
			await assert.rejects(stripe.void(request, call), isFault);
			assert.deepEqual(intents(request), []);
		});

		it("that found an intent over another amount does not make us believe it", async () => {
			const request = by("pm_card_visa");
			await stripe.charge(request, call);
			const other = { ...request, ref: refOf(request), amount: { amount: 100, currency: "MYR" } };
			await assert.rejects(stripe.lookup(other, call), isFault);
		});
	});
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { clock } from "../../../config/clock.ts";
import { onOrderEnded, onWanted } from "../../../services/payment/charging.mixin.ts";
import { isOpen } from "../../../services/payment/payment-states.ts";
import { bothStores } from "../../support/both-stores.ts";
import { anOrderOf } from "../../support/payment-node.ts";
import { type StripeNode, startStripeNode, stripeSecret } from "../../support/stripe-node.ts";
import type { Fault } from "../../support/stripe-server.ts";

// One order's payment at a Stripe whose answers get lost in every way, while people pay, cancel, give back and come again, and while
// its webhooks come in any order, twice or never. Whatever happens, its books and ours agree in the end.

type Step =
	| { do: "place" | "cancel" | "ensure" | "buyer" | "webhooks" | "backwards" | "deadline" }
	| { do: "refund"; amount: number; key: string };

interface Happening {
	step: Step;
	faults: readonly Fault[];
}

const plain = fc.record({
	do: fc.constantFrom("place", "place", "ensure", "buyer", "webhooks", "backwards", "deadline", "cancel"),
}) as fc.Arbitrary<Step>; // fast-check widens the words of a union
const refund = fc.record({
	do: fc.constant("refund" as const),
	amount: fc.integer({ min: 50, max: 19_800 }),
	key: fc.constantFrom("r1", "r2"),
});
const fault: fc.Arbitrary<Fault> = fc.record({
	on: fc.constantFrom("POST /v1/payment_intents", "POST /v1/refunds", "GET /v1/", "POST /v1/"),
	done: fc.boolean(),
	// No closed connections: the package sends again half a second later, which would be a day later by this clock.
	answer: fc.constantFrom("hang" as const, 429 as const, 500 as const),
});
const happening: fc.Arbitrary<Happening> = fc.record({
	step: fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: refund }),
	faults: fc.array(fault, { maxLength: 2 }),
});
/** As a rule the order is placed first; a cancel may overtake it. */
const begun: fc.Arbitrary<Happening> = fc.record({
	step: fc.constantFrom<Step>({ do: "place" }, { do: "place" }, { do: "place" }, { do: "cancel" }),
	faults: fc.array(fault, { maxLength: 2 }),
});
const method = fc.constantFrom(
	...["pm_card_visa", "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_authenticationRequired", "pm_sepaDebit"],
);

bothStores("payments by Stripe, whatever happens", (profile) => {
	let stripe: StripeNode;
	const realNow = clock.now;
	before(async () => {
		stripe = await startStripeNode(profile());
		await stripe.use([stripeSecret], 250);
	});
	after(() => stripe?.stop());
	afterEach(() => {
		clock.now = realNow;
	});

	const play = async (how: string, happenings: readonly Happening[]): Promise<void> => {
		const { node, server } = stripe;
		const { books } = server;
		const order = anOrderOf(how);
		const id = order.paymentId;
		let late = 0;
		let placed = false;
		let cancelled = false;
		clock.now = () => realNow() + late;
		const tell = (handler: unknown, type: string) =>
			(handler as (this: unknown, ctx: unknown) => Promise<void>).call(node.service, {
				params: { type, data: { ...order, by: "bea" } },
			});
		const events = () => books.events.filter((event) => JSON.stringify(event).includes(id));
		const deliver = async (list: readonly unknown[]): Promise<void> => {
			for (const event of list) await stripe.webhook(event, { at: clock.now() });
		};
		const buyerActs = (): void => {
			for (const { id: intent, status } of books.intentsOf(id)) {
				if (status === "requires_action") books.authenticate(intent, true);
				if (status === "processing") books.settle(intent, true);
			}
		};
		const act = async (step: Step): Promise<unknown> => {
			switch (step.do) {
				case "place":
					placed = true;
					return tell(onWanted, "order.placed");
				case "cancel":
					cancelled = true;
					return tell(onOrderEnded, "order.cancelled");
				case "ensure":
					return placed ? stripe.ask(order) : undefined;
				case "buyer":
					return buyerActs();
				case "webhooks":
					return deliver(events());
				case "backwards":
					return deliver(events().reverse());
				case "deadline":
					late += 600_000;
					return node.reconcile();
				case "refund": {
					const by = { id: "sal", roles: ["seller" as const], key: `${id}-${step.key}-${step.amount}` };
					// Refused while there is nothing to give back.
					return node.request("refund", { id, amount: step.amount }, by).catch(() => undefined);
				}
			}
		};
		for (const { step, faults } of happenings) {
			for (const one of faults) server.fault(one);
			await act(step);
			assert.ok(books.intentsOf(id).length <= 1, "one intent at most");
			assert.ok(books.takenFor(id) >= 0 && books.takenFor(id) <= 19_800, `${books.takenFor(id)} taken`);
			server.calm();
		}
		buyerActs();
		// A day on, Stripe has forgotten every key, and works.
		late += 25 * 3_600_000;
		server.forgetKeys();
		for (let round = 0; round < 3; round += 1) {
			late += 600_000;
			await node.reconcile();
		}
		const payment = await node.stored(id);
		const story = JSON.stringify({ payment, intents: books.intentsOf(id) });
		assert.equal((payment?.captured ?? 0) - (payment?.refunded ?? 0), books.takenFor(id), story);
		assert.ok(books.intentsOf(id).length <= 1, story);
		assert.ok(!payment?.refunds.some(({ status }) => status === "pending"), story);
		if (cancelled) assert.equal(books.takenFor(id), 0, story);
		// Only what never reached Stripe may still be open, and only while somebody waits for it.
		if (payment && isOpen(payment.status)) assert.ok(!cancelled && books.intentsOf(id).length === 0, story);
	};

	const playAll = (how: string, [first, rest]: readonly [Happening, readonly Happening[]]) => play(how, [first, ...rest]);

	it("ends with one charge at most, and with books that agree", async function () {
		this.timeout(240_000);
		await fc.assert(fc.asyncProperty(method, fc.tuple(begun, fc.array(happening, { minLength: 1, maxLength: 7 })), playAll), {
			numRuns: 30,
		});
	});
});

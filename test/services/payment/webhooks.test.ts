import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { newId } from "../../../contracts/ids.ts";
import { SandboxProvider } from "../../../services/payment/sandbox-provider.ts";
import { sign } from "../../../services/payment/webhook-signature.ts";
import { bothStores } from "../../support/both-stores.ts";
import { anOrderOf, type PaymentNode, startPaymentNode, webhookSecret } from "../../support/payment-node.ts";
import { refused } from "../../support/refused.ts";

bothStores("webhooks of payment providers", (profile) => {
	let node: PaymentNode;
	const realNow = clock.now;
	before(async () => {
		node = await startPaymentNode(profile(), { reconciler: false });
	});
	after(() => node?.stop());
	afterEach(() => {
		clock.now = realNow;
		node.use(node.sandbox);
	});

	const aPaymentBy = async (method: string): Promise<string> => {
		const { paymentId, orderId, attempt, buyerId, sellerId, total } = anOrderOf(method);
		await node.call("ensure", { paymentId, orderId, attempt, buyerId, sellerId, amount: total, method });
		return paymentId;
	};
	const saying = (type: string, paymentId: string, id = newId(), more = {}) => ({ id, type, data: { paymentId, ...more } });
	const webhooks = () => node.service.store.webhooks;
	const told = async (paymentId: string): Promise<string[]> => {
		const events = (await node.stored(paymentId))?.history ?? [];
		return events.map(({ event }) => event);
	};
	const later = (ms: number): void => {
		clock.now = () => realNow() + ms;
	};

	describe("what they say", () => {
		it("captures a payment that was still processing", async () => {
			const id = await aPaymentBy("sandbox_slow");
			assert.deepEqual(await node.webhook(saying("payment.captured", id)), { received: true });
			const payment = await node.view(id);
			assert.equal(payment.status, "captured");
			assert.equal(payment.captured.amount, 19_800);
		});

		it("declines it, and says why", async () => {
			const id = await aPaymentBy("sandbox_slow");
			await node.webhook(saying("payment.declined", id, newId(), { declineCode: "stolen_card" }));
			const payment = await node.view(id);
			assert.deepEqual([payment.status, payment.declineCode], ["declined", "stolen_card"]);
			assert.equal((await node.charges(id))[0]?.captured, 0);
		});

		it("is done once, however often it is delivered, at once and later", async () => {
			const id = await aPaymentBy("sandbox_slow");
			const message = saying("payment.captured", id);
			await Promise.all(Array.from({ length: 5 }, () => node.webhook(message)));
			const { version } = await node.view(id);
			assert.deepEqual(await node.webhook(message), { received: true });
			assert.equal((await node.view(id)).version, version);
			assert.deepEqual(await told(id), ["begin", "provider_captured"]);
		});

		it("changes nothing when it is late, or the other word came first", async () => {
			const id = await aPaymentBy("sandbox_success");
			const { version } = await node.view(id);
			await node.webhook(saying("payment.declined", id));
			await node.webhook(saying("payment.captured", id));
			const payment = await node.view(id);
			assert.deepEqual([payment.status, payment.version], ["captured", version]);
		});

		it("believes that money was taken after all, and can give that back", async () => {
			const id = await aPaymentBy("sandbox_declined");
			await node.webhook(saying("payment.captured", id));
			assert.equal((await node.view(id)).status, "captured");
			await node.call("refund", { id }, { id: "sal", roles: ["seller"] });
			assert.equal((await node.view(id)).status, "refunded");
			const [charge] = await node.charges(id);
			assert.deepEqual([charge?.captured, charge?.refunded], [19_800, 19_800]);
		});

		it("gives back at once what was taken for an order that is gone", async () => {
			const order = anOrderOf("sandbox_declined");
			await node.tell("order.placed", order);
			await node.until(order.paymentId, "declined");
			await node.tell("order.cancelled", order);
			await node.call("refundUnwanted", { paymentId: order.paymentId, reason: "order_not_waiting" });
			await node.webhook(saying("payment.captured", order.paymentId));
			const payment = await node.view(order.paymentId);
			assert.deepEqual([payment.status, payment.refunded.amount], ["refunded", 19_800]);
		});

		it("is kept, and changes nothing, if its type means nothing to us", async () => {
			const id = await aPaymentBy("sandbox_slow");
			const message = saying("payment.celebrated", id);
			assert.deepEqual(await node.webhook(message), { received: true });
			assert.equal((await webhooks().findById(`sandbox:${message.id}`))?.state, "ignored");
			assert.equal((await node.view(id)).status, "processing");
		});
	});

	describe("when they cannot be applied at once", () => {
		it("waits for a payment that is not there yet", async () => {
			const order = anOrderOf("sandbox_slow");
			const message = saying("payment.captured", order.paymentId);
			assert.deepEqual(await node.webhook(message), { received: true });
			later(10_000);
			await node.reconcile();
			assert.equal((await webhooks().findById(`sandbox:${message.id}`))?.state, "stored");
			await node.tell("order.placed", order);
			await node.until(order.paymentId, "processing");
			later(120_000);
			await node.reconcile();
			await node.until(order.paymentId, "captured");
			const stored = await webhooks().findById(`sandbox:${message.id}`);
			assert.deepEqual([stored?.state, stored?.dueAt], ["applied", undefined]);
		});

		it("gives up after some days on a payment that never comes", async () => {
			const message = saying("payment.captured", newId());
			await node.webhook(message);
			later(4 * 86_400_000);
			await node.reconcile();
			const stored = await webhooks().findById(`sandbox:${message.id}`);
			assert.deepEqual([stored?.state, stored?.dueAt], ["orphaned", undefined]);
		});

		it("is answered once it is stored, and applied later, if the payment cannot be written", async () => {
			const id = await aPaymentBy("sandbox_slow");
			const { payments } = node.service.store;
			payments.update = () => Promise.reject(new Error("the process is gone"));
			try {
				assert.deepEqual(await node.webhook(saying("payment.captured", id)), { received: true });
			} finally {
				Reflect.deleteProperty(payments, "update");
			}
			assert.equal((await node.view(id)).status, "processing");
			later(10_000);
			await node.reconcile();
			assert.equal((await node.view(id)).status, "captured");
		});

		it("is not answered unless it is stored", async () => {
			const id = await aPaymentBy("sandbox_slow");
			const create = webhooks().create;
			webhooks().create = () => Promise.reject(new Error("disk full"));
			try {
				await assert.rejects(node.webhook(saying("payment.captured", id)));
			} finally {
				webhooks().create = create;
			}
			assert.equal((await node.view(id)).status, "processing");
		});
	});

	describe("who sends them", () => {
		it("is known by the signature: forged, old and unsigned ones are refused and not stored", async () => {
			const id = await aPaymentBy("sandbox_slow");
			const message = saying("payment.captured", id);
			await refused(node.webhook(message, { secret: "whsec-of-somebody-else" }), "BAD_SIGNATURE");
			await refused(node.webhook(message, { at: Date.now() - 400_000 }), "BAD_SIGNATURE");
			await refused(node.webhook(message, { at: Date.now() + 400_000 }), "BAD_SIGNATURE");
			const bare = { provider: "sandbox", rawBody: JSON.stringify(message), headers: {} };
			await refused(node.broker.call("payment.webhook", bare), "BAD_SIGNATURE");
			const changed = { "souk-signature": sign(webhookSecret, `${bare.rawBody} `, Date.now()) };
			await refused(node.broker.call("payment.webhook", { ...bare, headers: changed }), "BAD_SIGNATURE");
			assert.equal(await webhooks().findById(`sandbox:${message.id}`), null);
			assert.equal((await node.view(id)).status, "processing");
		});

		it("may change the secret while webhooks flow", async () => {
			const charges = node.service.store.sandbox_charges;
			node.use(new SandboxProvider({ charges, secrets: ["whsec-of-tomorrow-01", webhookSecret] }));
			const id = await aPaymentBy("sandbox_slow");
			await node.webhook(saying("payment.captured", id), { secret: "whsec-of-tomorrow-01" });
			assert.equal((await node.view(id)).status, "captured");
			await node.webhook(saying("payment.declined", id));
			node.use(new SandboxProvider({ charges, secrets: ["whsec-of-tomorrow-01"] }));
			await refused(node.webhook(saying("payment.declined", id)), "BAD_SIGNATURE");
		});

		it("is nobody from outside when no secret is set", async () => {
			node.use(new SandboxProvider({ charges: node.service.store.sandbox_charges, secrets: [] }));
			await refused(node.webhook(saying("payment.captured", newId())), "BAD_SIGNATURE");
		});

		it("must be a provider of ours", async () => {
			await refused(node.webhook(saying("payment.captured", newId()), { provider: "nobody" }), "NOT_FOUND");
		});

		it("must speak our form", async () => {
			await refused(node.webhook(null, { raw: "not json" }), "VALIDATION");
			await refused(node.webhook(null, { raw: "" }), "VALIDATION");
			const { extras } = await refused(node.webhook({ id: "e", type: "payment.captured", data: {} }), "VALIDATION");
			assert.equal(extras.errors?.[0]?.pointer, "/data");
		});
	});

	describe("of the sandbox itself", () => {
		it("answer a slow charge after a while", async () => {
			const id = await aPaymentBy("sandbox_slow");
			await node.reconcile();
			assert.equal((await node.view(id)).status, "processing");
			later(1_000);
			await node.reconcile();
			assert.equal((await node.view(id)).status, "captured");
			const [charge] = await node.charges(id);
			assert.deepEqual([charge?.captured, charge?.webhookDue], [19_800, undefined]);
		});

		it("are sent again by another process if the first one died over it, and count once", async () => {
			const id = await aPaymentBy("sandbox_slow");
			const died = () => Promise.reject(new Error("the process is gone"));
			later(1_000);
			await assert.rejects(node.sandbox.tick(died, new AbortController().signal));
			assert.equal((await node.view(id)).status, "processing");
			// A process that comes after has a secret of its own for these.
			node.use(new SandboxProvider({ charges: node.service.store.sandbox_charges, secrets: [] }));
			await node.reconcile();
			assert.equal((await node.view(id)).status, "captured");
			await node.reconcile();
			assert.deepEqual(await told(id), ["begin", "provider_captured"]);
		});

		it("say nothing of a charge that was voided before", async () => {
			const order = anOrderOf("sandbox_slow");
			await node.tell("order.placed", order);
			await node.until(order.paymentId, "processing");
			await node.tell("order.cancelled", order);
			await node.until(order.paymentId, "voided");
			later(1_000);
			await node.reconcile();
			assert.equal((await node.view(order.paymentId)).status, "voided");
			assert.equal((await node.charges(order.paymentId))[0]?.captured, 0);
		});
	});
});

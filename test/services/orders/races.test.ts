import assert from "node:assert/strict";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { newId } from "../../../contracts/ids.ts";
import payment from "../../../services/payment/payment.service.ts";
import { paymentIdOf } from "../../../services/payment/payment.ts";
import type { PaymentService } from "../../../services/payment/payment-base.ts";
import { SandboxProvider } from "../../../services/payment/sandbox-provider.ts";
import { sign } from "../../../services/payment/webhook-signature.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { until } from "../../support/until.ts";

const bea = { id: "bea", roles: ["buyer"] as const };
const seller = { id: "demo-seller", roles: ["seller"] as const };
const secret = "whsec-of-the-races";

// Buyer, seller and provider at the same moment, with orders, payment and the bus between them.
bothStores("orders with payment: everybody at once", (profile) => {
	let node: OrdersNode;
	let service: PaymentService;
	before(async () => {
		node = await startOrdersNode(profile(), { ...payment });
		service = node.broker.getLocalService("payment") as unknown as PaymentService;
		const sandbox = new SandboxProvider({ charges: service.store.sandbox_charges, secrets: [secret], slowAfter: 20 });
		service.providers = new Map([[sandbox.name, sandbox]]);
	});
	after(() => node?.stop());

	const webhook = (type: "payment.captured" | "payment.declined", paymentId: string): Promise<unknown> => {
		const rawBody = JSON.stringify({ id: newId(), type, data: { paymentId } });
		const headers = { "souk-signature": sign(secret, rawBody, Date.now()) };
		return node.broker.call("payment.webhook", { provider: "sandbox", rawBody, headers });
	};
	/** Some of them come too late, which is an answer as well. */
	const tried = async (work: Promise<unknown>): Promise<void> => {
		await work.catch((error: { type?: string }) => assert.equal(error.type, "TRANSITION_REFUSED"));
	};
	const asked = (action: string, params: object, { id, roles }: typeof bea | typeof seller): Promise<unknown> => {
		const request = { key: newId(), hash: "", named: false };
		return node.broker.call(`payment.${action}`, params, { meta: { user: { id, roles, sessionId: "s" }, request } });
	};
	const paymentsOf = ({ id }: OrderView) => service.store.payments.find({ where: { orderId: id } });
	const chargesOf = async (order: OrderView) => {
		const ids = (await paymentsOf(order)).map(({ _id }) => _id);
		return service.store.sandbox_charges.find({ where: { paymentId: { $in: ids } } });
	};
	/** What the provider holds, what payments believe of it, and what the order says. */
	const books = async (order: OrderView) => {
		const [now, payments, charges] = [await node.order(order.id), await paymentsOf(order), await chargesOf(order)];
		const held = charges.reduce((sum, { captured, refunded }) => sum + captured - refunded, 0);
		const believed = payments.reduce((sum, { captured, refunded }) => sum + captured - refunded, 0);
		const open = payments.some(({ answerDue }) => answerDue !== undefined) || now.status === "placed";
		return { status: now.status, held, believed, open, attempts: payments.length, charges: charges.length };
	};
	const settled = async (order: OrderView, mayKeep: (status: OrderView["status"]) => number[]) => {
		const right = ({ status, held, believed, open }: Awaited<ReturnType<typeof books>>): boolean =>
			!open && held === believed && mayKeep(status).includes(held);
		const end = await until(`the books of ${order.id} to agree`, () => books(order), right);
		assert.ok(end.charges <= end.attempts);
	};
	const total = 19_800;
	const keep = (status: OrderView["status"]): number[] => (["paid", "shipped"].includes(status) ? [total] : [0]);

	const rounds = Array.from({ length: 12 }, (_, index) => index);

	it("pays again while the provider says after all that the attempt before was captured", async () => {
		for (const round of rounds) {
			const order = await node.place(bea, { items: [{ productId: "2", quantity: 2 }] });
			await until(
				"the decline",
				() => node.order(order.id),
				({ status }) => status === "payment_declined",
			);
			const again = () => node.call("pay", { id: order.id, paymentMethod: "sandbox_success" }, bea);
			const late = () => webhook("payment.captured", paymentIdOf(order.id, 1));
			const cancel = () => node.call("cancel", { id: order.id }, bea);
			const all = [again, late, ...(round % 3 === 0 ? [cancel] : [])];
			if (round % 2 === 0) all.reverse();
			await Promise.all(all.map((one) => tried(one())));
			await settled(order, keep);
		}
	});

	it("confirms, cancels and hears from the provider", async () => {
		for (const round of rounds) {
			const order = await node.place(bea, { items: [{ productId: "1", quantity: 2 }], paymentMethod: "sandbox_requires_action" });
			const { id } = order.payment;
			await until(
				"its turn",
				() => node.order(order.id),
				({ payment: { status } }) => status === "requires_action",
			);
			const all = [
				() => asked("confirm", { id }, bea),
				() => node.call("cancel", { id: order.id }, bea),
				() => webhook(round % 2 === 0 ? "payment.declined" : "payment.captured", id),
				() => webhook("payment.captured", id),
			];
			await Promise.all([...all.slice(round % 4), ...all.slice(0, round % 4)].map((one) => tried(one())));
			await settled(order, keep);
		}
	});

	it("gives parts back while the order is cancelled", async () => {
		for (const round of rounds) {
			const order = await node.place(bea, { items: [{ productId: "1", quantity: 2 }] });
			const { id } = order.payment;
			await until(
				"the payment",
				() => node.order(order.id),
				({ status }) => status === "paid",
			);
			const part = () => asked("refund", { id, amount: 5_000 }, seller);
			const all = [part, () => node.call("cancel", { id: order.id }, round % 2 ? bea : seller), part, part];
			await Promise.all(all.map((one) => tried(one())));
			await settled(order, (status) => (status === "cancelled" ? [0] : []));
		}
	});

	it("cancels while a slow provider is at it", async () => {
		for (const round of rounds) {
			const order = await node.place(bea, { items: [{ productId: "1", quantity: 2 }], paymentMethod: "sandbox_slow" });
			if (round % 2)
				await until(
					"the charge",
					() => chargesOf(order),
					({ length }) => length === 1,
				);
			const late = round % 3 ? [webhook("payment.captured", order.payment.id)] : [];
			await Promise.all([node.call("cancel", { id: order.id }, bea), ...late].map(tried));
			await settled(order, (status) => (status === "cancelled" ? [0] : []));
		}
	});
});

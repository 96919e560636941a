import assert from "node:assert/strict";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { newId } from "../../../contracts/ids.ts";
import { guardFacts } from "../../../services/orders/order.ts";
import { orderMachine } from "../../../services/orders/order-states.ts";
import { changeOrder } from "../../../services/orders/writing.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type Break, breaking, breaks, pausing } from "../../support/broken-store.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { assertAddsUp, reconcile } from "../../support/stock-books.ts";

const initial = 100;

/** What happens after the break: the client comes again before the reconciler, after it, or never. */
const sequels = ["repeated first", "reconciled first", "never repeated"] as const;
type Sequel = (typeof sequels)[number];

interface Play {
	/** Brings about what `work` starts from. */
	before(): Promise<OrderView | undefined>;
	work(order: OrderView | undefined, key: string): Promise<unknown>;
	/** What the client's repeat must have brought about. */
	status: OrderView["status"];
}

bothStores("stock, whatever breaks between two steps", (profile) => {
	let node: OrdersNode;
	let items: { productId: string; quantity: number }[];

	before(async () => {
		node = await startOrdersNode(profile());
		await Promise.all([node.service.keepingStock?.stop(), node.service.asking?.stop()]);
		// What is published is swept up outside of the work that is broken here.
		node.service.store.onEvents = undefined;
	});
	beforeEach(async () => {
		const [satay, laksa] = [await node.addProduct("sal", { stock: initial }), await node.addProduct("sal", { stock: initial })];
		items = [
			{ productId: satay.id, quantity: 2 },
			{ productId: laksa.id, quantity: 3 },
		];
	});
	after(() => node?.stop());

	const place = (key = newId()) => node.place({ id: "bea", key }, { items });
	const expire = (id: string) =>
		changeOrder(
			node.service,
			id,
			(order) => {
				const step = orderMachine.next(order.status, "expire", guardFacts(order));
				return step.ok ? { set: { status: step.to }, unset: ["answerDue"] } : null;
			},
			{ at: Date.now() },
		);
	const given = <T>(order: T | undefined): T => {
		assert.ok(order);
		return order;
	};

	const plays: Record<string, Play> = {
		place: {
			before: async () => undefined,
			work: (_, key) => place(key),
			status: "placed",
		},
		cancel: {
			before: () => place(),
			work: (order, key) => node.call("cancel", { id: given(order).id }, { id: "bea", key }),
			status: "cancelled",
		},
		"cancel a paid order": {
			before: async () => {
				const order = await place();
				await node.deliver("payment.captured", order);
				return order;
			},
			work: (order, key) => node.call("cancel", { id: given(order).id }, { id: "bea", key }),
			status: "cancelled",
		},
		pay: {
			before: () => place(),
			work: (order) => node.deliver("payment.captured", given(order)),
			status: "paid",
		},
		expire: {
			before: () => place(),
			work: (order) => expire(given(order).id),
			status: "expired",
		},
	};

	const addsUp = async (what: string): Promise<void> => {
		await Promise.all(items.map(({ productId }) => assertAddsUp(node.service, productId, initial, what)));
	};

	/** Breaks write number `at`, then does all that is done after it. False: the work has fewer writes. */
	const playOnce = async (play: Play, at: number, how: Break, sequel: Sequel, what: string): Promise<boolean> => {
		const before = await play.before();
		const key = newId();
		const broken = await breaking(node.service, at, how, () => play.work(before, key));
		if (!broken.struck) return false;
		if (sequel === "repeated first") await broken.deliver();
		else await reconcile(node.service);
		if (sequel !== "never repeated") await play.work(before, key);
		await broken.deliver();
		await reconcile(node.service);
		await addsUp(what);
		await play.work(before, key);
		const id = before?.id ?? (await place(key)).id;
		assert.equal((await node.order(id)).status, play.status, what);
		await reconcile(node.service);
		await addsUp(`${what}, and replayed`);
		return true;
	};

	for (const [name, play] of Object.entries(plays)) {
		for (const how of breaks) {
			it(`adds up when ${name} ${how}, at each of its writes, and the client repeats it`, async () => {
				for (const sequel of sequels) {
					let at = 1;
					const what = () => `${name} ${how}, write ${at}, ${sequel}`;
					while (await playOnce(play, at, how, sequel, what())) at++;
					// The writes are: two reservations, the number, the order, two that settle; the order, two returns, the note in the order.
					assert.equal(at - 1, { place: 6, pay: 1 }[name] ?? 4, what());
				}
			}).timeout(60_000);
		}

		it(`adds up when ${name} stands still before each of its calls, is reconciled, and goes on`, async () => {
			for (const repeated of [false, true]) {
				for (let at = 1, struck = true; struck; at++) {
					const before = await play.before();
					const key = newId();
					const meanwhile = async (): Promise<void> => {
						await reconcile(node.service);
						// Moves of one order wait for each other within a process.
						if (repeated && name === "place") await play.work(before, key);
					};
					struck = await pausing(node.service, at, meanwhile, () => play.work(before, key));
					await reconcile(node.service);
					await addsUp(`${name} stands still before call ${at}${repeated ? ", repeated" : ""}`);
					await play.work(before, key);
					const id = before?.id ?? (await place(key)).id;
					assert.equal((await node.order(id)).status, play.status);
					await reconcile(node.service);
					await addsUp(`${name} stood still before call ${at}, replayed`);
				}
			}
		}).timeout(60_000);
	}
});

import assert from "node:assert/strict";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { newId } from "../../../contracts/ids.ts";
import { bothStores } from "../../support/both-stores.ts";
import { movingClock } from "../../support/moving-clock.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";

const day = 86_400_000;
const delivery = {
	...{ name: "Zoe Quince", phone: "+60123456789", zip: "30000", city: "Ipoh" },
	...{ address: "7 Tamarind Lane", region: "Perak", email: "zoe@quince.example" },
};

bothStores("Where orders went", (profile) => {
	let node: OrdersNode;
	let zoe: string;
	before(async () => {
		node = await startOrdersNode(profile());
	});
	after(() => node?.stop());
	beforeEach(() => {
		zoe = `zoe-${newId()}`;
		node.people.set(zoe, true);
	});
	const { pass } = movingClock();

	const place = (): Promise<OrderView> =>
		node.place({ id: zoe }, { items: [{ productId: "1", quantity: 1 }], paymentMethod: "sandbox_success", delivery });
	const cancel = (id: string, reason: string) => node.call("cancel", { id, reason }, { id: zoe });
	const shown = async (id: string): Promise<OrderView> => (await node.call<OrderView>("get", { id }, { id: zoe })).body;
	const stored = async (id: string) => JSON.stringify(await node.service.store.orders.findById(id));

	it("is forgotten when they have been over for long enough, and not while somebody has to know", async () => {
		const [over, open] = [await place(), await place()];
		await cancel(over.id, "no more");
		pass(89 * day);
		await node.service.retainNow();
		assert.deepEqual((await shown(over.id)).delivery, delivery);
		pass(2 * day);
		await node.service.retainNow();
		assert.deepEqual([(await shown(over.id)).delivery, (await shown(open.id)).delivery], [undefined, delivery]);
		assert.ok(!(await stored(over.id)).includes("Tamarind"));
		assert.match(await stored(over.id), /no more/);
	});

	it("is forgotten with the account, and so is what was said; the order stays, in the cache too", async () => {
		const [over, open] = [await place(), await place()];
		await cancel(over.id, "a reason of my own");
		await shown(open.id);
		for (let times = 0; times < 2; times++) await node.broker.call("orders.eraseUser", { userId: zoe });
		for (const { id, code, totals } of [over, open]) {
			const order = await shown(id);
			assert.deepEqual([order.delivery, order.code, order.totals, order.buyerId], [undefined, code, totals, zoe]);
			const { outbox: _leaves, ...rest } = JSON.parse(await stored(id));
			for (const word of ["Tamarind", "quince.example", "a reason of my own"])
				assert.ok(!JSON.stringify(rest).includes(word), word);
		}
	});
});

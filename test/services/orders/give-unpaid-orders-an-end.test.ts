import assert from "node:assert/strict";
import { profile as settings } from "../../../config/profile.ts";
import { newId } from "../../../contracts/ids.ts";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import { down, up } from "../../../services/orders/migrations/0001-give-unpaid-orders-an-end.ts";
import type { Order } from "../../../services/orders/order.ts";
import { collections, type OrdersCollections } from "../../../services/orders/orders-base.ts";
import { anInstant, anOrderThatIs } from "../../support/an-order.ts";
import { bothStores } from "../../support/both-stores.ts";

bothStores("orders from before orders expired", (profile) => {
	let store: Store<OrdersCollections>;
	const forever = new AbortController().signal;
	let number = 0;
	before(async () => {
		store = await openStore<OrdersCollections>({ collections, profile: profile() });
	});
	after(() => store?.close());

	const add = async (status: Order["status"]): Promise<string> => {
		const { expiresAt: _none, ...old } = anOrderThatIs(status);
		number += 1;
		const _id = newId();
		await store.orders.create({ ...old, _id, number });
		return _id;
	};
	const endOf = async (id: string) => (await store.orders.findById(id))?.expiresAt;

	it("are given the end that they would have had, if they still wait for their payment", async () => {
		const waiting = await Promise.all(Array.from({ length: 210 }, () => add("placed")));
		const [declined, paid] = [await add("payment_declined"), await add("paid")];
		for (let run = 0; run < 2; run++) await up(store, forever);
		const end = Date.parse(anInstant) + settings().orderExpiresAfter;
		for (const id of [...waiting, declined]) assert.equal(await endOf(id), end);
		assert.equal(await endOf(paid), undefined);
		assert.equal((await store.orders.findById(declined))?.version, 1);
		for (let run = 0; run < 2; run++) await down(store, forever);
		for (const id of [...waiting, declined]) assert.equal(await endOf(id), undefined);
	});
});

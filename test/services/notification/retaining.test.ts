import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import { inboxOf } from "../../../contracts/sockets.ts";
import type { CountersMessage } from "../../../contracts/stream-messages.ts";
import { aDelivery } from "../../support/a-notification.ts";
import { bothStores } from "../../support/both-stores.ts";
import { movingClock } from "../../support/moving-clock.ts";
import { type NotificationNode, startNotificationNode } from "../../support/notification-node.ts";

const day = 86_400_000;

bothStores("Archived notifications", (profile) => {
	let node: NotificationNode;
	before(async () => {
		node = await startNotificationNode(profile());
	});
	after(() => node?.stop());
	const { pass } = movingClock();

	const deliver = async (userId: string, many: number): Promise<string[]> => {
		const items = Array.from({ length: many }, () => aDelivery(userId));
		for (const item of items) await node.service.storing.store([item]);
		return items.map(({ id }) => id);
	};
	const archive = (userId: string, id: string | undefined) => node.call("archive", { id: id ?? "" }, userId);
	const counters = async (userId: string) => (await node.call<{ counters: CountersMessage }>("list", {}, userId)).body.counters;
	const erased = async (userId: string): Promise<number[]> =>
		(await node.log(userId)).filter((entry) => entry.erased && entry.body === null).map(({ seq }) => seq);

	it("lose their body when they are old, keep their place, and leave counters as they are", async () => {
		const ann = `ann-${newId()}`;
		const old = await deliver(ann, 3);
		pass(50 * day);
		const young = await deliver(ann, 2);
		for (const id of [old[0], old[1], young[0]]) await archive(ann, id);
		await node.service.retainNow();
		assert.deepEqual(await erased(ann), []);
		const before = await counters(ann);

		pass(41 * day);
		await node.service.retainNow();
		assert.deepEqual(await erased(ann), [1, 2]); // the third is as old, and not archived
		assert.deepEqual(await counters(ann), before);
		const { body } = await node.call<{ items: { seq: number; erased?: true }[] }>("list", { filter: "all" }, ann);
		assert.deepEqual(body.items.map((item) => [item.seq, item.erased ?? false]), [[5, false], [4, false], [3, false], [2, true], [1, true]]); // biome-ignore format: one line

		pass(50 * day);
		await node.service.retainNow();
		assert.deepEqual(await erased(ann), [1, 2, 4]);
		await archive(ann, old[2]);
		await node.service.retainNow();
		assert.deepEqual(await erased(ann), [1, 2, 3, 4]);
		const inbox = await node.service.store.inboxes.findById(inboxOf(ann));
		assert.deepEqual([inbox?.faded, inbox?.archivedDue], [[[1, 4]], undefined]);
	});

	it("come to whoever follows in their order, also where they were in memory", async () => {
		const bob = `bob-${newId()}`;
		await node.follow(bob); // what comes now is kept in memory by the actor of the inbox
		const [first] = await deliver(bob, 3);
		await archive(bob, first);
		pass(91 * day);
		await node.service.retainNow();
		const seen = await node.service.engine.history(inboxOf(bob), { after: 0 });
		assert.deepEqual(seen.map(({ seq, body, erased: gone }) => [seq, body === null, gone]), [[1, true, true], [2, false, undefined], [3, false, undefined]]); // biome-ignore format: one line
	});

	it("of a large inbox are taken in portions, and a round that died in between is repeated", async () => {
		const eve = `eve-${newId()}`;
		const ids = await deliver(eve, 5);
		for (const id of ids) await archive(eve, id);
		pass(91 * day);
		const { log, store } = node.service;
		await log.erase(inboxOf(eve), { seqs: [1, 2] }); // and then it died
		await node.service.retainNow();
		await node.service.retainNow();
		assert.deepEqual(await erased(eve), [1, 2, 3, 4, 5]);
		assert.equal((await store.inboxes.findById(inboxOf(eve)))?.archivedDue, undefined);
	});
});

import assert from "node:assert/strict";
import { withoutHoles } from "../../scripts/backup/holes.ts";
import { inReadingOrder, isKept } from "../../scripts/backup/order.ts";
import { renewed, waitsInProcess } from "../../scripts/backup/renew.ts";

const asRead = async function* <T>(documents: readonly T[]): AsyncGenerator<T> {
	yield* documents;
};

describe("what a backup takes, in which order, and what becomes of it", () => {
	it("reads a log up to its first hole, each stream by itself, and other documents as they are", async () => {
		const rows = [["a", 1], ["a", 2], ["a", 4], ["a", 5], ["b", 1], ["c", 2], ["c", 3]].map(([stream, seq]) => ({ stream, seq })); // biome-ignore format: one line
		const read: object[] = [];
		for await (const one of withoutHoles(asRead<object>([...rows, { _id: "x", seq: 7 }]))) read.push(one);
		assert.deepEqual(read, [...rows.slice(0, 2), rows[4], { _id: "x", seq: 7 }]);
	});

	it("reads what says that something was done before what was done, and that before what it was done for", () => {
		const names = ["users", "orders", "products", "entries", "conversations", "payments", "notifications", "mails", "webhooks", "orders_inbox", "new"]; // biome-ignore format: one line
		const order = inReadingOrder(names);
		const pairs = [["orders_inbox", "payments"], ["orders_inbox", "webhooks"], ["webhooks", "payments"], ["new", "mails"], ["mails", "notifications"], ["notifications", "entries"], ["conversations", "entries"], ["payments", "orders"], ["orders", "products"]]; // biome-ignore format: one line
		for (const [first, second] of pairs)
			assert.ok(order.indexOf(first ?? "") < order.indexOf(second ?? ""), `${first} ${second}`);
	});

	it("leaves behind what is true of running processes, and sessions", () => {
		assert.deepEqual(["leases", "sessions", "connections", "orders", "system.views"].filter(isKept), ["orders"]);
	});

	it("has every event told again, under a message id that the bus has not seen, and counters ahead", () => {
		const event = { specversion: "1.0", id: "orders.1.2.0", published: { at: 5, seq: 3, stream: "SOUK_EVENTS@then" } } as never;
		const order = { _id: "1", outbox: [event], outboxAt: 9 };
		const renewal = { now: 1_000, withBus: true, skipCodes: 10 };
		const again = renewed("orders", order, renewal) as typeof order;
		assert.deepEqual(again.outbox, [
			{ specversion: "1.0", id: "orders.1.2.0", published: { at: 1_000, seq: 0, stream: "restored" } },
		]);
		assert.equal(again.outboxAt, 1_000);
		const inProcess = renewed("orders", order, { ...renewal, withBus: false }) as typeof order;
		assert.deepEqual(inProcess.outbox, [{ specversion: "1.0", id: "orders.1.2.0" }]);
		const counter = { _id: "orders", n: 7, recent: ["a"] };
		assert.deepEqual(renewed("counters", counter, renewal), { _id: "orders", n: 17, recent: [] });
		assert.deepEqual(renewed("counters", counter, { ...renewal, skipCodes: 0 }), counter);
		assert.equal(renewed("orders_inbox", { _id: "checkpoint:orders" }, renewal), null);
	});

	it("tells what a single process keeps for itself from what a cluster finds", () => {
		assert.equal(waitsInProcess("orders_inbox", { _id: "orders:1", state: "waiting" }), true);
		assert.equal(waitsInProcess("orders_inbox", { _id: "orders:1", state: "dead", letter: {} }), true);
		assert.equal(waitsInProcess("orders_inbox", { _id: "orders:1", state: "done" }), false);
	});
});

import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import type { DomainEvent } from "../../../contracts/events.ts";
import type { OutboxSource, RecordStore } from "../../../mixins/durable-events/bus.ts";
import { type Job, LocalGroup } from "../../../mixins/durable-events/local/local-group.ts";
import { LocalOutbox } from "../../../mixins/durable-events/local/local-outbox.ts";
import { MicroBatch } from "../../../mixins/durable-events/micro-batch.ts";
import { until } from "../../support/until.ts";

const anEvent = (id: string): DomainEvent => ({
	...{ specversion: "1.0", id, source: "/souk/test", time: "2026-01-01T00:00:00.000Z", type: "user.deleted", subject: "s" },
	data: { userId: "u" },
});

describe("durable events in one process: what is written down afterwards", () => {
	it("events of one entity that were handled one after the other leave its outbox in one update", async () => {
		const updates: unknown[][] = [];
		const updateMany = async (all: unknown[]): Promise<number> => {
			updates.push(all);
			return all.length;
		};
		const outbox = new LocalOutbox({ collection: { updateMany }, records: {} } as unknown as OutboxSource);
		const first = outbox.handled("order-1", "placed");
		await turn();
		const later = [outbox.handled("order-2", "placed"), outbox.handled("order-1", "paid")];
		outbox.hurry();
		await Promise.all([first, ...later]);
		assert.deepEqual(
			updates.map((all) => all.length),
			[2],
		);
	});

	it("keeps no other event of the group from being handled", async () => {
		const handled: string[] = [];
		const written = Promise.withResolvers<void>();
		const policy = { group: "g", tries: 3, backoffMs: 1, dedupeMs: 1_000, concurrency: 4 };
		const group = new LocalGroup({
			subscription: {
				...{ policy, service: "s", types: ["user.deleted"] },
				async handle({ event }) {
					handled.push(event.id);
				},
			},
			...{ records: { service: "s", inbox: {}, leases: {} } as unknown as RecordStore, nextDeadAt: () => 0, logger: console },
		});
		const job = (id: string): Job => ({
			...{ event: anEvent(id), tries: 0, detached: false, found: false, recorded: false },
			ended: () => written.promise,
		});
		const ids = Array.from({ length: 20 }, (_, index) => `e${index}`);
		for (const id of ids) group.take(job(id));
		await until("all to be handled", async () => handled.length, (count) => count === ids.length); // biome-ignore format: one line
		assert.deepEqual(handled, ids);
		assert.equal(group.health.inFlight, ids.length);
		written.resolve();
		await group.stop();
		assert.equal(group.health.inFlight, 0);
	});

	it("no more handlers at a time than the group may have", async () => {
		let most = 0;
		let now = 0;
		const policy = { group: "g", tries: 3, backoffMs: 1, dedupeMs: 1_000, concurrency: 4 };
		const group = new LocalGroup({
			subscription: {
				...{ policy, service: "s", types: ["user.deleted"] },
				async handle() {
					now += 1;
					most = Math.max(most, now);
					await turn();
					now -= 1;
				},
			},
			...{ records: { service: "s", inbox: {}, leases: {} } as unknown as RecordStore, nextDeadAt: () => 0, logger: console },
		});
		const over: number[] = [];
		const all = 30;
		for (let index = 0; index < all; index += 1) {
			const ended = async (): Promise<void> => void over.push(index);
			group.take({ ...{ event: anEvent(`e${index}`), tries: 0, detached: false, found: false, recorded: false }, ended });
		}
		await until("all to end", async () => over.length, (count) => count === all); // biome-ignore format: one line
		assert.equal(most, 4);
		await group.stop();
	});

	it("waits no longer when somebody waits for it", async () => {
		const batch = new MicroBatch<number, number>({ gatherMs: 3_600_000, flush: async (items) => items });
		const first = batch.add(1);
		await batch.drain();
		assert.equal(await first, 1);
		const second = batch.add(2);
		batch.hurry();
		assert.equal(await second, 2);
	});
});

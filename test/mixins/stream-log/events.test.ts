import assert from "node:assert/strict";
import { type Service, ServiceBroker } from "moleculer";
import type { DomainEvent } from "../../../contracts/events.ts";
import { newId } from "../../../contracts/ids.ts";
import { durableEvents } from "../../../mixins/durable-events/durable-events.mixin.ts";
import { store } from "../../../mixins/store/store.mixin.ts";
import { StoreStreamLog } from "../../../mixins/stream-log/stream-log.ts";
import { type StreamRow, streamRows, toRow } from "../../../mixins/stream-log/stream-row.ts";
import { aDraft, type Rows } from "../../support/a-stream-log.ts";
import { bothBuses, type World } from "../../support/both-buses.ts";
import { quiet } from "../../support/brokers.ts";
import { until } from "../../support/until.ts";

/** A node that writes entries, and one that hears of them. */
const start = async ({ profile, settings }: World, heard: DomainEvent[]): Promise<{ broker: ServiceBroker; rows: Rows }> => {
	const broker = new ServiceBroker({ ...quiet });
	broker.createService({
		name: "streams",
		mixins: [
			durableEvents({ collections: ["entries"], settings, profile }),
			store<{ entries: StreamRow }>({ main: "entries", collections: { entries: streamRows }, profile }),
		],
	});
	broker.createService({
		name: "ears",
		mixins: [durableEvents({ settings, profile })],
		events: { "user.deleted": { durable: {}, handler: (ctx: { params: DomainEvent }) => void heard.push(ctx.params) } },
	});
	await broker.start();
	const service = broker.getLocalService("streams") as Service & { store: { entries: Rows } };
	return { broker, rows: service.store.entries };
};

bothBuses("stream log: the events of entries", (newWorld, kind) => {
	let node: Awaited<ReturnType<typeof start>>;
	const heard: DomainEvent[] = [];
	const subjects = (): string[] => heard.map(({ subject }) => subject);

	before(async () => {
		node = await start(await newWorld(), heard);
	});
	beforeEach(() => heard.splice(0));
	after(() => node?.broker.stop());

	const waiting = async (stream: string): Promise<StreamRow[]> =>
		(await node.rows.find({ where: { stream } })).filter(({ outbox = [] }) => outbox.some(({ published }) => !published));

	it("go out once an entry, in one command for the batch, and the outboxes are cleared or marked in one", async () => {
		const stream = newId();
		const commands: number[] = [];
		const original = node.rows.updateMany.bind(node.rows);
		node.rows.updateMany = (updates) => {
			commands.push(updates.length);
			return original(updates);
		};
		const drafts = Array.from({ length: 20 }, (_, index) => aDraft(stream, index + 1, `m${index + 1}`));
		await new StoreStreamLog(node.rows).append(drafts);
		await until("events to be out", async () => [heard.length, (await waiting(stream)).length], ([out = 0, left]) => out >= 20 && left === 0); // biome-ignore format: one line
		node.rows.updateMany = original;
		assert.deepEqual(subjects().sort(), drafts.map(({ id }) => id).sort());
		assert.equal(new Set(heard.map(({ id }) => id)).size, 20);
		assert.ok(Math.max(...commands) > 1 && commands.length < 20, `${kind}: ${commands}`);
	});

	it("go out although whoever wrote them died before it said so, and a repeat makes no second one", async () => {
		const stream = newId();
		await node.rows.insertInOrder([toRow(node.rows, aDraft(stream, 1, "orphan", { at: new Date().toISOString() }))]);
		await until("the orphan", async () => subjects(), (seen) => seen.includes("orphan")); // biome-ignore format: one line
		assert.equal((await new StoreStreamLog(node.rows).append([aDraft(stream, 2, "orphan")])).end, "repeat");
		await new StoreStreamLog(node.rows).append([aDraft(stream, 2, "after")]);
		await until("the next", async () => subjects(), (seen) => seen.includes("after")); // biome-ignore format: one line
		assert.deepEqual(subjects(), ["orphan", "after"]);
	});
});

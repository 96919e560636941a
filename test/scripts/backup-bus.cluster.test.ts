import assert from "node:assert/strict";
import { AckPolicy, connect, DeliverPolicy, type JetStreamClient, type JetStreamManager, type NatsConnection, nanos } from "nats";
import { ensureConsumer } from "../../mixins/durable-events/jetstream/consumer-config.ts";
import { hasForeignEvents, placeOfBus, rewindBus } from "../../scripts/backup/bus.ts";
import { needs, type RunningServer, startNats } from "../support/servers.ts";

const prefix = "rewound";
const stream = "REWOUND_EVENTS";
const subject = `${prefix}.events.order.placed`;

describe("JetStream that is taken back to where it was at a backup", () => {
	let nats: RunningServer;
	let connection: NatsConnection;
	let js: JetStreamClient;
	let jsm: JetStreamManager;
	before(async function () {
		needs(this, "nats");
		nats = await startNats();
		connection = await connect({ servers: nats.url });
		js = connection.jetstream();
		jsm = await connection.jetstreamManager();
	});
	after(async () => {
		await connection?.close();
		await nats?.stop();
	});

	const config = {
		name: "orders",
		durable_name: "orders",
		filter_subjects: [subject],
		// As a node wants it.
		deliver_policy: DeliverPolicy.All,
		ack_policy: AckPolicy.Explicit,
	};
	const publish = async (...ids: string[]): Promise<boolean[]> => {
		const acks = await Promise.all(ids.map((id) => js.publish(subject, id, { msgID: id })));
		return acks.map(({ duplicate }) => duplicate);
	};
	/** Takes as many and says that they are done. */
	const handle = async (count: number): Promise<string[]> => {
		const consumer = await js.consumers.get(stream, "orders");
		const taken: string[] = [];
		for await (const message of await consumer.fetch({ max_messages: count, expires: 2_000 })) {
			taken.push(message.string());
			await message.ackAck();
		}
		return taken;
	};

	it("has forgotten what came later, hands out again what was handled later, and takes lost events under their ids", async () => {
		assert.equal(await placeOfBus(nats.url, prefix), null);
		await jsm.streams.add({ name: stream, subjects: [`${prefix}.events.>`], duplicate_window: nanos(120_000) });
		await ensureConsumer(jsm, stream, config);
		await publish("a", "b", "c", "d");
		assert.deepEqual(await handle(2), ["a", "b"]);
		const place = await placeOfBus(nats.url, prefix);
		assert.deepEqual([place?.lastSeq, place?.handled], [4, { orders: 2 }]);
		await publish("lost", "lost too");
		assert.deepEqual(await handle(3), ["c", "d", "lost"]);

		assert.equal(await hasForeignEvents(nats.url, prefix, place), false);
		for (let twice = 0; twice < 2; twice++) await rewindBus(nats.url, prefix, place);
		// A node that starts finds the consumer where it was put, and leaves it there.
		await ensureConsumer(jsm, stream, config);
		assert.deepEqual(await publish("lost", "new"), [false, false]);
		assert.deepEqual(await handle(4), ["c", "d", "lost", "new"]);
		const { config: kept } = await jsm.streams.info(stream);
		assert.equal(kept.duplicate_window, nanos(120_000));
	});

	it("that has another history is emptied", async () => {
		const place = { stream: `${stream}@another`, lastSeq: 7, handled: {} };
		assert.equal(await hasForeignEvents(nats.url, prefix, place), true);
		await rewindBus(nats.url, prefix, place);
		assert.equal(await hasForeignEvents(nats.url, prefix, place), false);
		assert.match(await rewindBus(nats.url, prefix, place), /no events/);
	});
});

import assert from "node:assert/strict";
import { connect, type JetStreamManager, type NatsConnection, nanos } from "nats";
import { clock } from "../../../config/clock.ts";
import type { EventType } from "../../../contracts/events.ts";
import { newId } from "../../../contracts/ids.ts";
import { createEntity } from "../../../mixins/store/versioned.ts";
import { clusterWorld, type World } from "../../support/both-buses.ts";
import { type Consumer, type EventNode, type Note, startEventNode } from "../../support/event-node.ts";
import { Seen } from "../../support/seen.ts";
import { needs, type RunningServer, startMongod, startNats } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

// Versions of one service side by side: the newer one has a handler for an event type that the older one does not know.

const olderTypes = ["user.deleted"] as const;
const newerTypes = ["user.deleted", "user.password_changed"] as const;

describe("durable events: a rolling update", function () {
	this.timeout(60_000);
	let nats: RunningServer | undefined;
	let mongod: RunningServer | undefined;
	let world: World;
	let admin: NatsConnection;
	let jsm: JetStreamManager;
	let seen: Seen;
	const nodes: EventNode[] = [];

	const node = async (consumers: Consumer[], writes = false): Promise<EventNode> => {
		const started = await startEventNode(world, consumers, { writes });
		nodes.push(started);
		return started;
	};
	const reader = (types: readonly EventType[]): Consumer => ({
		name: "reader",
		types,
		durable: { backoffMs: 20 },
		handler: (event) => void seen.add(event.id),
	});
	const write = async ({ notes }: EventNode, type: "user.deleted" | "user.password_changed"): Promise<string> => {
		const draft = { type, subject: "s", data: { userId: "u" } } as const;
		const { entity } = await createEntity<Note>(notes, { _id: newId() }, [draft], { at: clock.now() });
		return entity.outbox?.[0]?.id ?? assert.fail("no event");
	};
	const stream = (): string => `${world.settings.keyPrefix.toUpperCase()}_EVENTS`;
	const consumed = async (): Promise<readonly string[]> => {
		const { config } = await jsm.consumers.info(stream(), "reader");
		return (config.filter_subjects ?? []).map((subject) => subject.slice(world.settings.keyPrefix.length + 1));
	};
	/** How many nodes fetch now; null: there is no consumer yet. */
	const fetching = async (): Promise<number | null> => {
		const all = await jsm.consumers.list(stream()).next();
		return all.find(({ name }) => name === "reader")?.num_waiting ?? null;
	};
	const waiting = (requests: number): Promise<unknown> => until("requests", fetching, (count) => count === requests);

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats", "mongod");
		[nats, mongod] = await Promise.all([startNats(), startMongod()]);
	});
	beforeEach(async () => {
		seen = new Seen();
		world = clusterWorld(nats?.url ?? "", mongod?.url ?? "");
		admin = await connect({ servers: nats?.url ?? "" });
		jsm = await admin.jetstreamManager({ checkAPI: false });
	});
	afterEach(async () => {
		await Promise.all(nodes.splice(0).map((one) => one.stop()));
		await admin?.close();
	});
	after(() => Promise.all([nats?.stop(), mongod?.stop()]));

	it("brings an event of a type that the group learned after it was published, and none of the others again", async () => {
		const writer = await node([reader(olderTypes)], true);
		const early = await write(writer, "user.password_changed");
		const known = await write(writer, "user.deleted");
		await seen.all([known]);
		await until("the first to be behind the group", writer.unpublished, (left) => left.length === 0);
		await node([reader(newerTypes)]);
		const late = await write(writer, "user.password_changed");
		await seen.all([early, late]);
		assert.deepEqual(
			[early, known, late].map((id) => seen.of(id)),
			[1, 1, 1],
		);
		assert.deepEqual((await writer.bus.deadLetters.list({ limit: 10 })).items, []);
	});

	it("leaves the group what newer nodes have taught it when an older one begins anew", async () => {
		const writer = await node([], true);
		await node([reader(newerTypes)]);
		await waiting(1);
		await node([reader(olderTypes)]);
		await waiting(2);
		const events = [await write(writer, "user.password_changed"), await write(writer, "user.deleted")];
		await seen.all(events);
		assert.deepEqual(
			events.map((id) => seen.of(id)),
			[1, 1],
		);
		assert.ok((await consumed()).includes("events.user.password_changed"));
	});

	it("forgets a type when no node is left that wants it", async () => {
		const newer = await node([reader(newerTypes)]);
		await waiting(1);
		await newer.stop();
		await waiting(0);
		await node([reader(olderTypes)]);
		await waiting(1);
		assert.deepEqual(await consumed(), ["events.user.deleted", "retry.reader.>"]);
	});

	it("goes on with a setting that was changed", async () => {
		const first = await node([reader(olderTypes)]);
		await waiting(1);
		await first.stop();
		await waiting(0);
		world = { ...world, settings: { ...world.settings, ackWait: 2_000 } };
		const second = await node([reader(olderTypes)], true);
		await seen.all([await write(second, "user.deleted")]);
		const { config } = await jsm.consumers.info(stream(), "reader");
		assert.equal(config.ack_wait, nanos(2_000));
	});
});

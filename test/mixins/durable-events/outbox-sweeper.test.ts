import assert from "node:assert/strict";
import { connect, type NatsConnection } from "nats";
import { clock } from "../../../config/clock.ts";
import type { EventDraft } from "../../../contracts/events.ts";
import { newId } from "../../../contracts/ids.ts";
import type { BusLogger, BusRecord } from "../../../mixins/durable-events/bus.ts";
import { namesOf } from "../../../mixins/durable-events/jetstream/names.ts";
import { OutboxSweeper } from "../../../mixins/durable-events/jetstream/outbox-sweeper.ts";
import { Publisher } from "../../../mixins/durable-events/jetstream/publisher.ts";
import { Streams } from "../../../mixins/durable-events/jetstream/streams.ts";
import type { LeaseDocument } from "../../../mixins/lease/lease.ts";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import { createEntity } from "../../../mixins/store/versioned.ts";
import { clusterWorld, type World } from "../../support/both-buses.ts";
import { drafts, type Note, noteSpec, touch } from "../../support/event-node.ts";
import { needs, type RunningServer, startMongod, startNats } from "../../support/servers.ts";

const complaints: unknown[][] = [];
const silent: BusLogger = { debug() {}, info() {}, warn() {}, error: (...words) => void complaints.push(words) };
const never = new AbortController().signal;

describe("durable events: the sweeper of a cluster", () => {
	let nats: RunningServer | undefined;
	let mongod: RunningServer | undefined;
	let world: World;
	let connection: NatsConnection;
	let store: Store<{ notes: Note; inbox: BusRecord; leases: LeaseDocument }>;
	const now = clock.now;
	const sweepers: OutboxSweeper[] = [];

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats", "mongod");
		[nats, mongod] = await Promise.all([startNats(), startMongod()]);
	});
	beforeEach(async () => {
		world = clusterWorld(nats?.url ?? "", mongod?.url ?? "");
		connection = await connect({ servers: nats?.url ?? "" });
		store = await openStore<{ notes: Note; inbox: BusRecord; leases: LeaseDocument }>({
			collections: { notes: { ...noteSpec }, inbox: {}, leases: {} },
			profile: { ...world.profile, outboxGrace: 0 },
		});
	});
	afterEach(async () => {
		clock.now = now;
		complaints.length = 0;
		await Promise.all(sweepers.splice(0).map((sweeper) => sweeper.stop()));
		await store?.close();
		await connection?.close();
	});
	after(() => Promise.all([nats?.stop(), mongod?.stop()]));

	/** A sweeper whose own rounds find no bus: only `round` sweeps, when the test says so. */
	const sweeper = async (): Promise<() => Promise<void>> => {
		const names = namesOf(world.settings.keyPrefix);
		const streams = new Streams(await connection.jetstreamManager(), names);
		await streams.look();
		let ours = false;
		const one = new OutboxSweeper({
			source: { collection: store.notes, records: { service: "notes", inbox: store.inbox, leases: store.leases } },
			publisher: new Publisher(connection.jetstream(), names, streams, () => one.doubt()),
			streams,
			settings: world.settings,
			connected: () => ours,
			logger: silent,
		});
		sweepers.push(one);
		return async () => {
			ours = true;
			const round = one.sweep(never);
			ours = false;
			await round;
		};
	};
	const writeMany = async (count: number): Promise<string[]> => {
		const made = Array.from({ length: count }, () =>
			createEntity<Note>(store.notes, { _id: newId() }, drafts(2), { at: clock.now() }),
		);
		return (await Promise.all(made)).map(({ entity }) => entity._id);
	};
	const messages = async (): Promise<number> => {
		const jsm = await connection.jetstreamManager();
		return (await jsm.streams.info(`${world.settings.keyPrefix.toUpperCase()}_EVENTS`)).state.messages;
	};
	const outboxes = async (): Promise<Note[]> => store.notes.find({ where: { "outbox.id": { $exists: true } } });
	const later = (ms: number): void => {
		clock.now = () => now() + ms;
	};

	it("two at once: each event is on the stream once, and marked", async () => {
		await writeMany(20);
		const [left, right] = [await sweeper(), await sweeper()];
		await Promise.all([left(), right()]);
		assert.equal(await messages(), 40);
		const events = (await outboxes()).flatMap(({ outbox = [] }) => outbox);
		assert.deepEqual([events.length, events.filter(({ published }) => published).length], [40, 40]);
	});

	it("published events stay in their documents for a while, and the sweeper comes back when that is over", async () => {
		await writeMany(3);
		const round = await sweeper();
		await round();
		await round();
		const kept = await outboxes();
		assert.equal(kept.length, 3);
		for (const { outbox = [], outboxAt = 0 } of kept) {
			const first = Math.min(...outbox.map(({ published }) => published?.at ?? 0));
			assert.equal(outboxAt, first + world.settings.outboxKeep);
		}
		later(world.settings.outboxKeep + 1_000);
		await round();
		assert.deepEqual(await outboxes(), []);
		assert.deepEqual(
			(await store.notes.find({})).filter(({ outboxAt }) => outboxAt !== undefined),
			[],
		);
		assert.equal(await messages(), 6);
	});

	it("an event that is written while two sweepers take out the older ones is not lost", async () => {
		const ids = await writeMany(10);
		const [left, right] = [await sweeper(), await sweeper()];
		await left();
		later(world.settings.outboxKeep + 1_000);
		const [, , ...added] = await Promise.all([left(), right(), ...ids.map((id) => touch(store.notes, id))]);
		for (let round = 0; round < 3; round++) await left();
		const rest = (await outboxes()).flatMap(({ outbox = [] }) => outbox);
		assert.deepEqual(new Set(rest.map(({ id }) => id)), new Set(added.flat()));
		assert.ok(rest.every(({ published }) => published));
		assert.equal(await messages(), 30);
		const unwatched = (await outboxes()).filter(({ outboxAt }) => outboxAt === undefined);
		assert.deepEqual(unwatched, []);
	});

	it("an event that is no longer on the stream when it should leave its document is published again instead", async () => {
		await writeMany(1);
		const round = await sweeper();
		await round();
		const [note] = await outboxes();
		const mark = note?.outbox?.[1]?.published;
		assert.ok(mark);
		const jsm = await connection.jetstreamManager();
		await jsm.streams.deleteMessage(`${world.settings.keyPrefix.toUpperCase()}_EVENTS`, mark.seq);
		assert.equal(await messages(), 1);
		later(world.settings.outboxKeep + 1_000);
		await round();
		assert.equal(await messages(), 2);
		const [after] = await outboxes();
		const again = after?.outbox?.find(({ id }) => id === note?.outbox?.[1]?.id);
		assert.equal(again?.published?.seq, 3);
	});

	it("an event that the bus will never take holds up none of the others", async function () {
		this.timeout(30_000);
		const huge = { type: "order.cancelled", subject: "s", data: { reason: "x".repeat(2_000_000) } } as unknown as EventDraft; // only its size matters
		const { entity } = await createEntity<Note>(store.notes, { _id: newId() }, [huge], { at: clock.now() - 1_000 });
		const ids = await writeMany(210);
		const sweep = await sweeper();
		await sweep();
		await sweep();
		const others = await store.notes.findByIds(ids);
		assert.deepEqual(
			new Set(others.flatMap(({ outbox = [] }) => outbox.map(({ published }) => published !== undefined))),
			new Set([true]),
		);
		assert.equal(await messages(), 420);
		const due = await store.notes.find({ where: { outboxAt: { $lte: clock.now() } } });
		assert.deepEqual(
			due.map(({ _id }) => _id),
			[entity._id],
		);
		assert.equal(complaints.length, 2);
	});

	it("a thousand entities that are due in the same millisecond are all swept", async function () {
		this.timeout(60_000);
		const at = clock.now();
		await store.notes.createMany(
			Array.from({ length: 1_000 }, (_, index) => ({
				_id: `n${index}`,
				version: 1,
				updatedAt: "",
				outboxAt: at,
				outbox: [
					{ ...drafts(1)[0], specversion: "1.0", id: `e${index}`, source: "/souk/test", time: new Date(at).toISOString() },
				],
			})) as Note[],
		);
		const round = await sweeper();
		await round();
		assert.equal(await messages(), 1_000);
	});
});

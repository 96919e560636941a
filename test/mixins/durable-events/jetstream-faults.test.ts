import assert from "node:assert/strict";
import { cp, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { connect, type JetStreamManager, type NatsConnection } from "nats";
import { openStore } from "../../../mixins/store/store.ts";
import { clusterWorld, type World } from "../../support/both-buses.ts";
import type { Effect } from "../../support/event-child.ts";
import { type Consumer, type EventNode, startEventNode } from "../../support/event-node.ts";
import { nodeChild } from "../../support/node-child.ts";
import { Seen } from "../../support/seen.ts";
import { needsOwn, type RunningServer, startMongod, startNats } from "../../support/servers.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const child = resolve(import.meta.dirname, "../../support/event-child.ts");

describe("durable events: what happens to JetStream", function () {
	this.timeout(60_000);
	let nats: RunningServer | undefined;
	let mongod: RunningServer | undefined;
	let folder = "";
	let world: World;
	let admin: NatsConnection;
	let jsm: JetStreamManager;
	const nodes: EventNode[] = [];

	const node = async (consumers: Consumer[] = [], writes = true): Promise<EventNode> => {
		const started = await startEventNode(world, consumers, { writes });
		nodes.push(started);
		return started;
	};
	const counting = (seen: Seen): Consumer => ({ name: "reader", handler: (event) => void seen.add(event.id) });
	const writeMany = async (one: EventNode, count: number): Promise<string[]> =>
		(await Promise.all(Array.from({ length: count }, () => one.write()))).flat();
	const published = (one: EventNode): Promise<unknown> =>
		until("all events to be published", one.unpublished, (left) => left.length === 0);
	const stream = (): string => `${world.settings.keyPrefix.toUpperCase()}_EVENTS`;
	const ownNats = (): RunningServer => nats ?? assert.fail("no server");

	/** What an operator does who restores a backup. */
	const restore = async (copy: string): Promise<void> => {
		await ownNats().kill();
		await rm(folder, { recursive: true, force: true });
		await cp(copy, folder, { recursive: true });
		await ownNats().restart();
	};
	const backUp = async (): Promise<string> => {
		const copy = await tempDir("backup");
		await ownNats().kill("SIGTERM");
		await cp(folder, copy, { recursive: true });
		await ownNats().restart();
		return copy;
	};

	before(async function () {
		this.timeout(90_000);
		needsOwn(this, "nats", "mongod");
		folder = await tempDir("jetstream");
		[nats, mongod] = await Promise.all([startNats({ own: true, jetstreamDir: folder }), startMongod()]);
	});
	beforeEach(async () => {
		world = clusterWorld(nats?.url ?? "", mongod?.url ?? "");
		admin = await connect({ servers: nats?.url ?? "", maxReconnectAttempts: -1, reconnectTimeWait: 100 });
		jsm = await admin.jetstreamManager({ checkAPI: false });
	});
	afterEach(async () => {
		await Promise.all(nodes.splice(0).map((one) => one.stop()));
		await admin?.close();
	});
	after(async () => {
		await Promise.all([nats?.stop(), mongod?.stop()]);
		if (folder) await removeDir(folder);
	});

	it("the server is killed and started again while events flow: all arrive, once", async () => {
		const seen = new Seen();
		const one = await node([counting(seen)]);
		const ids = await writeMany(one, 20);
		await ownNats().kill();
		ids.push(...(await writeMany(one, 20)));
		await ownNats().restart();
		ids.push(...(await writeMany(one, 20)));
		await seen.all(ids);
		await published(one);
		assert.equal(seen.total, ids.length);
	});

	it("the server is away when a node starts: the node waits for it", async () => {
		await ownNats().kill();
		const starting = node([counting(new Seen())]);
		await ownNats().restart();
		assert.equal((await starting).bus.connected, true);
	});

	for (const [who, alive] of [
		["the writer lives on", true],
		["no process of ours sees it happen", false],
	] as const) {
		it(`JetStream is restored from an older copy of its folder, ${who}: what was lost is published again`, async () => {
			const seen = new Seen();
			let writer = await node();
			const kept = await writeMany(writer, 5);
			await published(writer);
			const copy = await backUp();
			const lost = await writeMany(writer, 30);
			await published(writer);
			if (!alive) await writer.stop();
			await restore(copy);
			if (!alive) {
				const lastSeq = async (): Promise<number> => (await jsm.streams.info(stream()).catch(() => null))?.state.last_seq ?? -1;
				assert.equal(await until("JetStream to answer again", lastSeq, (seq) => seq >= 0), 5);
				writer = await node();
			}
			// The stream grows beyond what it was: that a message is there at some place no longer says whose it is.
			const later = await writeMany(writer, 40);
			await node([counting(seen)], false);
			await seen.all([...kept, ...lost, ...later]);
			assert.equal(seen.total, 75);
			await removeDir(copy);
		});
	}

	it("the durable consumer is deleted: it is made again, and what was handled is not handled again", async () => {
		const seen = new Seen();
		const one = await node([counting(seen)]);
		const before = await writeMany(one, 20);
		await seen.all(before);
		await until(
			"the last ack",
			() => jsm.consumers.info(stream(), "reader"),
			({ num_ack_pending }) => num_ack_pending === 0,
		);
		await jsm.consumers.delete(stream(), "reader");
		const after = await writeMany(one, 20);
		await seen.all(after);
		const { delivered } = await until(
			"the new consumer to have been through the whole stream",
			() => jsm.consumers.info(stream(), "reader"),
			({ num_pending, num_ack_pending }) => num_pending === 0 && num_ack_pending === 0,
		);
		assert.ok(delivered.consumer_seq >= 40);
		assert.equal(seen.total, 40);
	});

	it("the stream is deleted with events on it: it is made again, and they arrive", async () => {
		const seen = new Seen();
		const writer = await node();
		const ids = await writeMany(writer, 10);
		await published(writer);
		await jsm.streams.delete(stream());
		ids.push(...(await writeMany(writer, 10)));
		await node([counting(seen)], false);
		await seen.all(ids);
		assert.equal(seen.total, 20);
	});

	it("a consumer is stopped past its ack wait: another handles its events, and when it wakes nothing has happened twice", async () => {
		const store = await openStore<{ effects: Effect }>({ collections: { effects: {} }, profile: world.profile });
		const frozen = nodeChild(child, JSON.stringify(world), "consume", "300");
		await frozen.until(1);
		const one = await node([
			{
				name: "reader",
				handler: async ({ id }) => {
					await store.effects.create({ _id: id, runs: 1 });
				},
			},
		]);
		const ids = await writeMany(one, 60);
		await frozen.until(2); // has begun one
		process.kill(frozen.pid, "SIGSTOP");
		const effects = await until(
			"every effect",
			() => store.effects.find({}),
			(found) => found.length === 60,
		);
		process.kill(frozen.pid, "SIGCONT");
		const begun = frozen.lines.filter((line) => line.startsWith("begun")).length;
		await frozen.until(1 + 2 * begun); // and ends all that it had begun
		await frozen.kill();
		assert.deepEqual(new Set(effects.map(({ _id }) => _id)), new Set(ids));
		assert.equal((await store.effects.find({})).length, 60);
		await store.close();
	});

	it("a handler that takes longer than the ack wait is not run twice", async () => {
		const seen = new Seen();
		const slow: Consumer = {
			name: "reader",
			handler: async ({ id }) => {
				seen.add(id);
				await new Promise((done) => setTimeout(done, world.settings.ackWait * 3));
				seen.add(`end ${id}`);
			},
		};
		const [one] = [await node([slow]), await node([slow], false)];
		const ids = await writeMany(one, 4);
		await seen.all(ids.map((id) => `end ${id}`));
		const { delivered } = await until(
			"the last ack",
			() => jsm.consumers.info(stream(), "reader"),
			({ num_ack_pending }) => num_ack_pending === 0,
		);
		assert.deepEqual(
			ids.map((id) => seen.of(id)),
			[1, 1, 1, 1],
		);
		assert.equal(delivered.consumer_seq, 4, "it was not even handed out a second time");
	});

	it("a node without groups of its own sees them all, with their lag", async () => {
		const seen = new Seen();
		const worker = await node([counting(seen)], false);
		await worker.stop();
		const one = await node();
		await writeMany(one, 7);
		const [health] = await until(
			"the lag",
			() => one.bus.health(),
			([group]) => group?.lag === 7,
		);
		assert.deepEqual(health, {
			group: "reader",
			service: "reader",
			ok: false,
			lag: 7,
			inFlight: 0,
			detail: "nobody fetches for this group",
		});
		await node([counting(seen)], false);
		await until(
			"the lag to go",
			() => one.bus.health(),
			([group]) => group?.lag === 0 && group.ok,
		);
	});
});

import assert from "node:assert/strict";
import type { Collection } from "../../../mixins/store/port.ts";
import { createStore, type Store } from "../../../mixins/store/store.ts";
import { type ConnectionRow, connectionId, connectionRows, runOf, whyEnded } from "../../../mixins/streams/connection-row.ts";
import { ConnectionSweep } from "../../../mixins/streams/connection-sweep.ts";
import { type ConnectionFacts, Connections } from "../../../mixins/streams/connections.ts";
import { bothStores } from "../../support/both-stores.ts";

const facts: ConnectionFacts = { userId: "ann", address: "203.0.113.7", agent: "a browser", stream: "s", namespace: "/chat" };
const start = Date.parse("2026-01-01T00:00:00.000Z");
const at = (ms: number): string => new Date(start + ms).toISOString();

bothStores("The registry of connections", (profile) => {
	let store: Store<{ connections: ConnectionRow }>;
	let rows: Collection<ConnectionRow>;
	let now = start;
	let open: Connections[] = [];

	before(async () => {
		const collections = { connections: connectionRows };
		store = createStore<{ connections: ConnectionRow }>({ collections, profile: profile(), source: "/souk/chat" });
		await store.open();
		rows = store.connections;
	});
	beforeEach(async () => {
		await rows.remove({ _id: { $gt: "" } });
		now = start;
	});
	afterEach(async () => {
		for (const connections of open) await connections.close();
		open = [];
	});
	after(() => store?.close());

	const registry = (run = "n1/1", into: Pick<Collection<ConnectionRow>, "createMany" | "updateMany"> = rows): Connections => {
		const options = { rows: into as typeof rows, node: run.split("/")[0] ?? "", run, now: () => now, report: assert.fail };
		const made = new Connections(options);
		open.push(made);
		return made;
	};
	const connection = () => ({ connectedAt: now, lastMessageAt: now });
	const stored = async (): Promise<Omit<ConnectionRow, "_id">[]> => {
		const found = await rows.find({ sort: [["_id", 1]] });
		return found.map(({ _id, ...row }) => row);
	};
	const plain = { ...facts, node: "n1", connectedAt: at(0) };
	const sweep = (...alive: string[]) => {
		const view = { seen: new Set(alive) as Set<string> | null };
		const sweeping = new ConnectionSweep({ rows, alive: () => view.seen, now: () => now });
		return { view, round: () => sweeping.round(new AbortController().signal) };
	};

	it("has a connection from its beginning to some time after its end", async () => {
		const connections = registry();
		const one = connection();
		connections.opened(one, facts);
		await connections.flush();
		assert.deepEqual(await stored(), [{ ...plain, live: "n1/1" }]);
		now += 5_000;
		one.lastMessageAt = now;
		now += 1_000;
		connections.ended(one, "client");
		await connections.flush();
		assert.deepEqual(await stored(), [{ ...plain, lastMessageAt: at(5_000), endedAt: at(6_000), endedBy: "client" }]);
	});

	it("has one that ended before it was written down", async () => {
		const connections = registry();
		const one = connection();
		connections.opened(one, facts);
		connections.ended(one, "NOT_FOUND");
		connections.ended(one, "client");
		await connections.flush();
		assert.deepEqual(await stored(), [{ ...plain, endedAt: at(0), endedBy: "NOT_FOUND" }]);
	});

	it("costs one command for many, and none for a message a moment after another", async () => {
		const commands: number[] = [];
		const connections = registry("n1/1", {
			createMany(documents) {
				commands.push(documents.length);
				return rows.createMany(documents);
			},
			updateMany(updates) {
				commands.push(updates.length);
				return rows.updateMany(updates);
			},
		});
		const all = Array.from({ length: 300 }, connection);
		for (const one of all) connections.opened(one, facts);
		await connections.flush();
		now += 29_999;
		for (const one of all) one.lastMessageAt = now;
		await connections.flush();
		assert.deepEqual(commands, [300]);
		now += 1;
		for (const one of all) one.lastMessageAt = now;
		await connections.flush();
		for (const one of all) connections.ended(one, "client");
		await connections.flush();
		await connections.flush();
		assert.deepEqual(commands, [300, 300, 300]);
		assert.equal((await stored()).filter(({ lastMessageAt }) => lastMessageAt === at(30_000)).length, 300);
	});

	it("catches up when the store was away, in whatever state things are by then", async () => {
		let away = true;
		const through =
			<A, R>(work: (argument: A) => Promise<R>) =>
			async (argument: A) => {
				const answer = await work(argument); // the write may have happened
				if (away) throw new Error("away");
				return answer;
			};
		const connections = registry("n1/1", {
			createMany: through(rows.createMany.bind(rows)),
			updateMany: through(rows.updateMany.bind(rows)),
		});
		const [one, two] = [connection(), connection()];
		connections.opened(one, facts);
		connections.opened(two, { ...facts, userId: "bob" });
		await assert.rejects(connections.flush(), /away/);
		connections.ended(one, "timeout");
		await assert.rejects(connections.flush(), /away/);
		away = false;
		await connections.flush();
		const ended = { ...plain, endedAt: at(0), endedBy: "timeout" };
		const byUser = (await stored()).sort((a, b) => (a.userId < b.userId ? -1 : 1));
		assert.deepEqual(byUser, [ended, { ...plain, userId: "bob", live: "n1/1" }]);
	});

	it("closes what a node left that is gone, also if it came back under its name, after a second look", async () => {
		const connections = [registry("n1/1"), registry("n1/2"), registry("n2/1")];
		for (const one of connections) {
			one.opened(connection(), facts);
			await one.flush();
		}
		const { view, round } = sweep("n1/2");
		now += 1_000;
		await round();
		const live = async () => (await stored()).map((row) => row.live).sort();
		assert.deepEqual(await live(), ["n1/1", "n1/2", "n2/1"]);
		view.seen = new Set(["n1/2", "n2/1"]); // it was only late
		await round();
		view.seen = new Set(["n1/2"]);
		await round();
		assert.deepEqual((await stored()).filter((row) => row.live === undefined), [{ ...plain, endedAt: at(1_000), endedBy: "node lost" }]); // biome-ignore format: one line
		view.seen = null; // a view that cannot be relied on, twice
		await round();
		await round();
		assert.deepEqual(await live(), ["n1/2", "n2/1", undefined]);
	});

	it("closes more than a page of them", async () => {
		const documents = Array.from({ length: 1_100 }, () => ({ _id: connectionId(start), ...plain, live: "n1/1" }));
		await rows.createMany(documents);
		const { round } = sweep();
		await round();
		await round();
		assert.equal(await rows.count({ endedBy: "node lost" }), 1_100);
	});

	it("takes a connection back that was closed because its node could not be seen", async () => {
		const connections = registry();
		const [one, two] = [connection(), connection()];
		connections.opened(one, facts);
		connections.opened(two, facts);
		await connections.flush();
		const { round } = sweep();
		await round();
		await round();
		now += 60_000;
		one.lastMessageAt = now;
		connections.ended(two, "client");
		await connections.flush();
		const known = (await stored()).sort((a, b) => (a.live ?? "").localeCompare(b.live ?? ""));
		assert.deepEqual(known, [{ ...plain, endedAt: at(60_000), endedBy: "client" }, { ...plain, live: "n1/1", lastMessageAt: at(60_000) }]); // biome-ignore format: one line
	});
});

describe("A connection", () => {
	it("has an id that sorts by time", () => {
		const ids = [0, 1, 35, 36, start, start + 1, 4_102_444_800_000].map(connectionId);
		assert.deepEqual([...ids].sort(), ids);
		assert.notEqual(connectionId(start), connectionId(start));
		assert.match(connectionId(start), /^[A-Za-z0-9_-]{1,64}$/);
	});

	it("belongs to one life of its node", () => {
		assert.notEqual(runOf("n1", "a"), runOf("n1", "b"));
	});

	it("says why it ended: the strongest word counts", () => {
		const ending = { problem: undefined, moved: false, stopping: false, reason: "transport close" };
		assert.equal(whyEnded(ending), "client");
		assert.equal(whyEnded({ ...ending, stopping: true }), "client");
		assert.equal(whyEnded({ ...ending, reason: "ping timeout" }), "timeout");
		assert.equal(whyEnded({ ...ending, moved: true }), "moved");
		assert.equal(whyEnded({ ...ending, moved: true, stopping: true }), "node stopped");
		assert.equal(whyEnded({ ...ending, reason: "server shutting down" }), "node stopped");
		assert.equal(whyEnded({ ...ending, problem: "TOKEN_EXPIRED", moved: true }), "TOKEN_EXPIRED");
	});
});

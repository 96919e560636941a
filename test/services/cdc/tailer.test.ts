import assert from "node:assert/strict";
import { Stopping } from "../../../mixins/durable-events/patience.ts";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import type { ChangeEvent, Message } from "../../../services/cdc/change.ts";
import type { Outlet } from "../../../services/cdc/feed.adapter.ts";
import { type Position, Positions, Replaced } from "../../../services/cdc/position.adapter.ts";
import type { ChangeSource } from "../../../services/cdc/source.adapter.ts";
import { Tailer } from "../../../services/cdc/tailer.adapter.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

type Row = { _id: string; name: string };

/** A database with change streams of which the test says what happens between any two steps. Tokens are places in its log. */
class Database implements ChangeSource {
	readonly rows = new Map<string, string>();
	readonly log: ChangeEvent[] = [];
	/** Places before it are forgotten. */
	oldest = 0;
	asked = 0;
	onOpen: () => void = () => undefined;
	onPage: () => void = () => undefined;

	write(_id: string, name: string): void {
		const operationType = this.rows.has(_id) ? "update" : "insert";
		this.rows.set(_id, name);
		const clusterTime = { t: 1_790_000_000, i: this.log.length };
		this.log.push({
			_id: { place: this.log.length + 1 },
			operationType,
			documentKey: { _id },
			fullDocument: { _id, name },
			clusterTime,
		});
	}

	async open(_collection: string, token?: unknown) {
		const from = (token as { place: number } | undefined)?.place;
		if (from !== undefined && from < this.oldest) throw Object.assign(new Error("history lost"), { code: 286 });
		let place = from ?? this.log.length;
		this.onOpen();
		const read = (): ChangeEvent | null => {
			this.asked += 1;
			const event = this.log[place] ?? null;
			if (event) place += 1;
			return event;
		};
		const cursor = {
			next: async () => read(),
			get token() {
				return { place };
			},
			close: async () => undefined,
		};
		return { cursor, first: read() };
	}

	async *pages(): AsyncIterable<Row[]> {
		for (const [_id, name] of [...this.rows]) {
			yield [{ _id, name }];
			this.onPage();
		}
	}
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

describe("whoever follows a collection", () => {
	let dir = "";
	let store: Store<{ positions: Position }>;
	let count = 0;
	let database: Database;
	let published: Message[];
	let collection = "";

	before(async () => {
		dir = await tempDir("tailer");
		const profile = { kind: "embedded", dataDir: dir } as const;
		store = await openStore<{ positions: Position }>({ collections: { positions: {} }, profile });
	});
	after(async () => {
		await store?.close();
		await removeDir(dir);
	});
	beforeEach(() => {
		database = new Database();
		published = [];
		count += 1;
		collection = `c${count}`;
	});

	const working: Outlet = {
		connected: true,
		publish: async (message) => void published.push(message),
	};
	const tailerWith = (outlet: Outlet = working): Tailer =>
		new Tailer({
			...{ collection, feed: { fields: ["name"] }, source: database, outlet, logger: silent },
			positions: new Positions(store.positions, "node"),
		});
	const nameOf = ({ record }: Message): unknown => (record.after as Row | null)?.name;
	const told = (): string[] => published.map((message) => `${message.origin} ${message.key} ${nameOf(message)}`);
	const position = (): Promise<Position | null> => store.positions.findById(collection);

	/** Follows until that much was published, then stops. */
	const followUntil = async (holds: () => boolean, outlet?: Outlet): Promise<void> => {
		const end = new AbortController();
		const running = tailerWith(outlet).run(end.signal);
		await until("it to be published", async () => told(), holds);
		end.abort();
		await running;
	};

	it("opens the stream before it reads what is there, so that nothing falls between", async () => {
		database.write("a", "1");
		database.write("b", "1");
		database.onOpen = () => database.write("c", "opened");
		database.onPage = () => {
			database.onPage = () => undefined;
			database.write("a", "2"); // which was read already
		};
		await followUntil(() => published.length >= 5);
		const stream = told().filter((one) => one.startsWith("stream"));
		assert.deepEqual(stream, ["stream c opened", "stream a 2"]);
		assert.deepEqual((await position())?.token, { place: 4 });
	});

	it("goes on from its place, and reads again only where that is lost", async () => {
		database.write("a", "1");
		await followUntil(() => published.length >= 1);
		database.write("a", "2");
		await followUntil(() => published.length >= 2);
		assert.deepEqual(told(), ["sweep a 1", "stream a 2"]);
		database.write("a", "3");
		database.oldest = database.log.length;
		await followUntil(() => published.length >= 3);
		assert.equal(told().at(-1), "sweep a 3");
		assert.deepEqual((await position())?.sweep?.reason, "history_lost");
	});

	it("keeps its place until all has been read again, whoever dies in between", async () => {
		for (const id of ["a", "b", "c"]) database.write(id, "1");
		await followUntil(() => published.length >= 3);
		const before = await position();
		for (const id of ["a", "b", "c"]) database.write(id, "2");
		database.oldest = database.log.length;
		published = [];
		const end = new AbortController();
		database.onPage = () => end.abort();
		await tailerWith().run(end.signal);
		assert.deepEqual(told(), ["sweep a 2"]);
		assert.deepEqual([(await position())?.token, (await position())?.at], [before?.token, before?.at]);
		database.onPage = () => undefined;
		await followUntil(() => published.length >= 4);
		assert.deepEqual(told().slice(1), ["sweep a 2", "sweep b 2", "sweep c 2"]);
		assert.deepEqual((await position())?.token, { place: 6 });
	});

	it("asks for no more than may be on its way while the bus takes nothing", async () => {
		await followUntil(() => database.asked > 1);
		for (let number = 0; number < 500; number++) database.write(`d${number}`, "1");
		const end = new AbortController();
		let waiting = 0;
		const stuck: Outlet = {
			connected: false,
			publish: (_message, signal) =>
				new Promise((_resolve, reject) => {
					waiting += 1;
					signal.addEventListener("abort", () => reject(new Stopping("stopped")));
				}),
		};
		const before = await position();
		database.asked = 0;
		const tailer = tailerWith(stuck);
		const running = tailer.run(end.signal);
		await until("it to be full", async () => waiting, (now) => now === 64); // biome-ignore format: one line
		await new Promise((resolve) => setImmediate(resolve));
		assert.deepEqual([waiting, database.asked, tailer.inFlight], [64, 65, 64]);
		end.abort();
		await running;
		assert.deepEqual((await position())?.token, before?.token);
		await followUntil(() => published.length >= 500);
		assert.equal(new Set(published.map(({ id }) => id)).size, 500);
	});

	it("finishes what it had begun to publish when it must stop, and leaves what waits for its turn to the next", async () => {
		await followUntil(() => database.asked > 1);
		for (const name of ["1", "2", "3"]) database.write("e", name);
		const taken = Promise.withResolvers<void>();
		const slow: Outlet = {
			connected: true,
			publish: async (message) => {
				published.push(message);
				await taken.promise;
			},
		};
		const end = new AbortController();
		const tailer = tailerWith(slow);
		const running = tailer.run(end.signal);
		await until("all to wait", async () => tailer.inFlight, (now) => now === 3); // biome-ignore format: one line
		end.abort();
		taken.resolve();
		await running;
		assert.deepEqual(told(), ["stream e 1"]);
		assert.deepEqual((await position())?.token, { place: 1 });
		await followUntil(() => published.length >= 3);
		assert.deepEqual(told(), ["stream e 1", "stream e 2", "stream e 3"]);
	});

	it("says what is away, and follows again when it is back", async () => {
		const { open } = database;
		database.open = () => Promise.reject(new Error("no primary"));
		const end = new AbortController();
		const tailer = tailerWith();
		await tailer.run(end.signal);
		assert.deepEqual([tailer.follow?.state, tailer.follow?.detail], ["away", "no primary"]);
		assert.deepEqual([(await position())?.state, (await position())?.detail], ["away", "no primary"]);
		database.open = open;
		const running = tailer.run(end.signal);
		await until("it to be followed", async () => tailer.follow, (follow) => follow?.state === "tailing"); // biome-ignore format: one line
		end.abort();
		await running;
		assert.deepEqual([tailer.follow, (await position())?.detail], [null, undefined]);
	});

	it("writes nothing any more once somebody else has begun to follow", async () => {
		const positions = new Positions(store.positions, "one");
		const mine = await positions.claim(collection, 1);
		await positions.save(mine, { token: "t1", at: 1 }, { state: "tailing", lag: 0 }, 2);
		const theirs = await new Positions(store.positions, "two").claim(collection, 3);
		assert.equal(theirs.token, "t1");
		await new Positions(store.positions, "two").save(theirs, { token: "t2", at: 2 }, { state: "tailing", lag: 0 }, 4);
		await assert.rejects(positions.save(mine, { token: "t0", at: 0 }, { state: "tailing", lag: 0 }, 5), Replaced);
		const now = await position();
		assert.deepEqual([now?.token, now?.by, now?.seenAt], ["t2", "two", 4]);
	});
});

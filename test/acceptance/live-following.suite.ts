import assert from "node:assert/strict";
import type { PresenceMessage, ReceiptMessage } from "../../contracts/stream-messages.ts";
import type { Entry } from "../../realtime/entry.ts";
import { assertOneHistory, type Follower, historyOf, RawFollower, Reader, type Transport } from "../support/live-followers.ts";
import type { LiveWorld } from "../support/live-world.ts";
import { type Someone, signUp } from "../support/market.ts";
import { until } from "../support/until.ts";

const transports: readonly Transport[] = ["websocket", "polling"];
const base = "/v1/conversations";

/** What people who follow a conversation live see, and do to it. The same sentences must hold wherever its streams live. */
export const liveFollowing = (world: () => LiveWorld): void => {
	let [ann, bob, cid]: Someone[] = [];
	const everybody = (): Someone[] => [ann, bob, cid].filter((who) => who !== undefined);
	const open: Follower[] = [];
	/** Beyond their test: it takes a while until somebody is taken for gone. */
	const staying: Follower[] = [];
	let gone: Promise<PresenceMessage> | undefined;

	before(async () => {
		[ann, bob, cid] = await Promise.all(["buyer", "seller", "buyer"].map((role) => signUp(world().api, role as "buyer")));
	});
	afterEach(() => {
		for (const follower of open.splice(0)) follower.close();
	});

	after(() => {
		for (const follower of staying) follower.close();
	});

	/** A conversation of all three. */
	const converse = async (): Promise<string> => {
		const memberIds = [bob?.id, cid?.id];
		const { status, body, text } = await world().api.post(base, { memberIds }, { token: ann?.token ?? "" });
		assert.equal(status, 201, text);
		return body.streamId;
	};
	const door = (index = 0): string => world().doors[index % world().doors.length] ?? "";
	const read = (stream: string, who: Someone | undefined, more: object = {}): Reader => {
		const reader = new Reader(stream, { url: door(), who: who as Someone, ...more });
		open.push(reader);
		return reader;
	};
	const bare = (stream: string, who: Someone | undefined, more: object = {}): RawFollower => {
		const follower = new RawFollower(stream, { url: door(), who: who as Someone, ...more });
		open.push(follower);
		return follower;
	};
	const say = (stream: string, who: Someone | undefined, message: object) =>
		world().api.post(`${base}/${stream}/messages`, message, { token: who?.token ?? "" });
	const get = async (path: string, who: Someone | undefined) => (await world().api.get(path, { token: who?.token ?? "" })).body;
	const logOf = (stream: string): Promise<Entry[]> => historyOf(world().api, stream, ann?.token ?? "");
	const next = <Payload>(reader: Reader, event: "presence" | "typing" | "receipt", holds: (payload: Payload) => boolean) =>
		new Promise<Payload>((resolve) => {
			const stop = reader.stream.on(event, (payload) => {
				if (!holds(payload as Payload)) return;
				stop();
				resolve(payload as Payload);
			});
		});

	it("everybody at every door sees every entry once and in one order, whoever posts, and how", async () => {
		const stream = await converse();
		const places = world().doors.flatMap((url) => transports.map((transport) => ({ url, transport })));
		const readers = places.map((place, index) => read(stream, everybody()[index % 3], place));
		const watchers = places.map((place, index) => bare(stream, everybody()[index % 3], place));
		await Promise.all([...readers, ...watchers].map((follower) => follower.live()));
		const acked = new Map<string, number>();
		const bySocket = readers.flatMap(({ stream: live }, at) =>
			Array.from({ length: 12 }, async (_, count) => {
				const id = `s-${at}-${count}`;
				acked.set(id, (await live.post(id, id)).seq);
			}),
		);
		const byRest = Array.from({ length: 12 }, async (_, count) => {
			const id = `r-${count}`;
			const { status, body, text } = await say(stream, everybody()[count % 3], { id, text: id });
			assert.equal(status, 201, text);
			acked.set(id, body.seq);
		});
		await Promise.all([...bySocket, ...byRest]);
		const followers = [...readers, ...watchers];
		await Promise.all(followers.map((follower) => follower.reach(acked.size)));
		assert.deepEqual(followers.map(({ entries }) => entries.length), followers.map(() => places.length * 12 + 12)); // biome-ignore format: one line
		assertOneHistory(await logOf(stream), followers, acked);
	});

	it("a message that is posted again under its id is the same one, by socket and by REST", async () => {
		const stream = await converse();
		const [a, b] = [read(stream, ann), read(stream, bob, { url: door(1), transport: "polling" })];
		const first = await a.stream.post("once", "m1");
		const again = await Promise.all([a.stream.post("once", "m1"), read(stream, ann, { url: door(2) }).stream.post("once", "m1")]);
		assert.deepEqual(again.map(({ seq, at }) => ({ seq, at })), [first, first].map(({ seq, at }) => ({ seq, at }))); // biome-ignore format: one line
		const byRest = await say(stream, ann, { id: "m1", text: "once" });
		assert.deepEqual([byRest.status, byRest.body.seq, byRest.body.at], [201, first.seq, first.at]);
		await assert.rejects(a.stream.post("twice", "m1"), { code: "ID_REUSED" });
		assert.deepEqual((await say(stream, ann, { id: "m1", text: "twice" })).body.code, "ID_REUSED");
		// Ids are the poster's own.
		assert.equal((await b.stream.post("mine", "m1")).seq, first.seq + 1);
		await Promise.all([a, b].map((reader) => reader.reach(2)));
		assertOneHistory(await logOf(stream), [a, b]);
	});

	it("messages are changed and deleted by entries that everybody sees", async () => {
		const stream = await converse();
		const [a, b] = [read(stream, ann), read(stream, bob, { url: door(1) })];
		await Promise.all([a.live(), b.live()]);
		await a.stream.post("typo", "m1");
		const edited = await a.stream.amend("m1", "no typo", "e1");
		assert.equal((await a.stream.amend("m1", "no typo", "e1")).seq, edited.seq);
		await assert.rejects(b.stream.amend("m1", "not yours"), { code: "NOT_FOUND" });
		const deleted = await a.stream.amend("m1", null);
		assert.equal((await a.stream.amend("m1", null)).seq, deleted.seq);
		await assert.rejects(a.stream.amend("m1", "too late"), { code: "NOT_FOUND" });
		await b.reach(3);
		assert.deepEqual(b.entries.map(({ type, body }) => [type, body]), [["message.posted", { text: "typo" }], ["message.edited", { target: "m1", text: "no typo" }], ["message.deleted", { target: "m1" }]]); // biome-ignore format: one line
		assertOneHistory(await logOf(stream), [a, b]);
	});

	it("how far everybody has read, and what has been delivered, goes forward only, and the others are told", async () => {
		const stream = await converse();
		const [a, b] = [read(stream, ann), read(stream, bob, { url: door(1), transport: "polling" })];
		await Promise.all([a.live(), b.live()]);
		for (const text of ["one", "two", "three"]) await a.stream.post(text);
		await b.reach(3);
		const told = (kind: string, seq: number) =>
			next<ReceiptMessage>(a, "receipt", (receipt) => receipt.kind === kind && receipt.userId === bob?.id && receipt.seq === seq);
		const [delivered, seen] = [told("delivered", 3), told("read", 2)];
		const counted = () => get(`${base}/${stream}`, bob);
		await until("three to be counted", counted, ({ unread }) => unread === 3);
		assert.equal((await b.stream.delivered(3)).seq, 3);
		assert.equal((await b.stream.read(2)).seq, 2);
		await Promise.all([delivered, seen]);
		assert.deepEqual([(await b.stream.read(1)).seq, (await b.stream.delivered(1)).seq], [2, 3]);
		const view = await counted();
		assert.deepEqual([view.readSeq, view.unread], [2, 1]);
		const late = read(stream, cid);
		await late.live();
		assert.equal(late.readies[0]?.reads[bob?.id ?? ""], 2);
	});

	it("whoever writes is shown to the others, and not to themselves", async () => {
		const stream = await converse();
		const [a, b] = [read(stream, ann), read(stream, bob, { url: door(1), transport: "polling" })];
		await Promise.all([a.live(), b.live()]);
		let heardOneself = false;
		a.stream.on("typing", ({ userId }) => {
			heardOneself ||= userId === ann?.id;
		});
		const told = next<{ userId: string; until: string }>(b, "typing", () => true);
		// A hint may be dropped on its way.
		const hints = setInterval(() => a.stream.typing(), 50);
		const { userId, until: moment } = await told.finally(() => clearInterval(hints));
		assert.deepEqual([userId, Number.isNaN(Date.parse(moment))], [ann?.id, false]);
		const answered = next<{ userId: string }>(a, "typing", ({ userId: who }) => who === bob?.id);
		const more = setInterval(() => b.stream.typing(), 50);
		await answered.finally(() => clearInterval(more));
		assert.equal(heardOneself, false);
	});

	it("who has several devices is there as long as one of them is", async () => {
		const stream = await converse();
		const a = new Reader(stream, { url: door(), who: ann as Someone });
		staying.push(a);
		await a.live();
		const came = next<PresenceMessage>(a, "presence", ({ userId }) => userId === bob?.id);
		const devices = [read(stream, bob, { url: door(1) }), read(stream, bob, { url: door(2), transport: "polling" })];
		await Promise.all(devices.map((device) => device.live()));
		assert.equal((await came).state, "online");
		gone = next<PresenceMessage>(a, "presence", ({ userId, state }) => userId === bob?.id && state === "offline");
		devices[0]?.close();
		const c = read(stream, cid);
		await c.live();
		assert.equal(c.readies[0]?.presence.find(({ userId }) => userId === bob?.id)?.state, "online");
	});

	it("history is read from any point back, over sockets, and both ways over REST", async () => {
		const stream = await converse();
		const a = read(stream, ann, { position: { last: 0 } });
		await Promise.all(Array.from({ length: 25 }, (_, index) => a.stream.post(`${index}`)));
		const log = await logOf(stream);
		assert.equal(log.length, 25);
		assert.deepEqual(await a.stream.history(11, 4), log.slice(6, 10));
		assert.deepEqual(await a.stream.history(1, 4), []);
		const pages: Entry[][] = [];
		for await (const page of a.stream.older(26, 10)) pages.push(page);
		assert.deepEqual(pages, [log.slice(15), log.slice(5, 15), log.slice(0, 5)]);
		const path = `${base}/${stream}/messages`;
		assert.deepEqual((await get(`${path}?before=11&limit=4`, bob)).items, log.slice(6, 10));
		assert.deepEqual((await get(`${path}?after=20&limit=10`, bob)).items, log.slice(20));
		await assert.rejects(a.stream.history(11, 201), { code: "VALIDATION" });
	});

	it("the list has how many messages are unread and the last one, posted by socket or by REST", async () => {
		const stream = await converse();
		const [a, b] = [read(stream, ann), read(stream, bob)];
		await a.stream.post("one");
		await b.stream.post("two");
		const { body } = await say(stream, ann, { text: "three" });
		const rowOf = async (who: Someone | undefined) =>
			(await get(base, who)).items.find(({ streamId }: { streamId: string }) => streamId === stream);
		const counts = async () => Promise.all([rowOf(ann), rowOf(bob), rowOf(cid)]);
		const rows = await until("all to be counted", counts, (seen) => seen.every(({ lastSeq }) => lastSeq === 3));
		assert.deepEqual(rows.map(({ unread }) => unread), [1, 2, 3]); // biome-ignore format: one line
		assert.deepEqual(rows.map(({ lastEntry }) => lastEntry.id), [body.id, body.id, body.id]); // biome-ignore format: one line
	});

	it("says ready first, and then the newest, or those after the one that a client has", async () => {
		const stream = await converse();
		const a = read(stream, ann);
		for (let count = 1; count <= 8; count += 1) await a.stream.post(`${count}`, `m${count}`);
		const places = world().doors.flatMap((url) => transports.map((transport) => ({ url, transport })));
		const from = async (position: object, upTo: number, place: object): Promise<number[]> => {
			const follower = bare(stream, bob, { position, ...place });
			await (upTo > 0 ? follower.reach(upTo) : follower.live());
			assert.deepEqual([follower.said[0], follower.ready?.seq, follower.ready?.reset], ["ready", 8, false]);
			return follower.entries.map(({ seq }) => seq);
		};
		for (const place of places) {
			assert.deepEqual(await from({ last: 3 }, 8, place), [6, 7, 8]);
			assert.deepEqual(await from({ after: 5, lastId: "m5" }, 8, place), [6, 7, 8]);
			assert.deepEqual(await from({ after: 0 }, 8, place), [1, 2, 3, 4, 5, 6, 7, 8]);
		}
		const last = bare(stream, bob, { position: { last: 0 } });
		await last.live();
		await a.stream.post("live", "m9");
		await last.reach(9);
		assert.deepEqual(last.entries.map(({ id }) => id), ["m9"]); // biome-ignore format: one line
		assert.deepEqual(last.ready?.members.map(({ id }) => id).sort(), everybody().map(({ id }) => id).sort()); // biome-ignore format: one line
	});

	it("and is gone some time after the last of them went", async () => {
		assert.equal((await gone)?.userId, bob?.id);
	});
};

import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import { StoreStreamLog } from "../../../mixins/stream-log/stream-log.ts";
import { LogUncertain } from "../../../realtime/log.ts";
import { LogStreams } from "../../../services/chat/log-streams.adapter.ts";
import { aDraft, anEvent, type LogStore, openLogStore } from "../../support/a-stream-log.ts";
import { bothStores } from "../../support/both-stores.ts";
import { refused } from "../../support/refused.ts";

bothStores("chat: streams on the plain log", (profile) => {
	let store: LogStore;
	let log: StoreStreamLog;
	const now = () => Date.UTC(2026, 0, 1);
	const post = (id: string, from = "ann", text = id) => ({ id, from, type: "message.posted", body: { text } });

	before(async () => {
		store = await openLogStore(profile());
		log = new StoreStreamLog(store.entries);
	});
	after(() => store?.close());

	it("two nodes that post at the same time write one history", async () => {
		const stream = newId();
		const nodes = [new LogStreams(log, now), new LogStreams(log, now)];
		const posted = await Promise.all(
			Array.from({ length: 40 }, (_, index) => nodes[index % 2]?.post(stream, post(`m${index}`)) ?? assert.fail()),
		);
		assert.deepEqual(posted.map(({ seq }) => seq).sort((a, b) => a - b), Array.from({ length: 40 }, (_, index) => index + 1)); // biome-ignore format: one line
		const entries = await nodes[0]?.history(stream, { limit: 100 });
		assert.deepEqual(entries?.map(({ seq }) => seq), Array.from({ length: 40 }, (_, index) => index + 1)); // biome-ignore format: one line
	}).timeout(60_000);

	it("a repeat is answered with what the log has, another body under the id is refused, an erased one is believed", async () => {
		const stream = newId();
		const streams = new LogStreams(log, now);
		const first = await streams.post(stream, post("m1"));
		assert.deepEqual(first, { seq: 1, at: "2026-01-01T00:00:00.000Z", repeated: false });
		assert.deepEqual(await new LogStreams(log, () => now() + 5).post(stream, post("m1")), { ...first, repeated: true });
		await refused(streams.post(stream, post("m1", "ann", "other")), "ID_REUSED");
		await log.erase(stream, { seqs: [1] });
		assert.equal((await streams.post(stream, post("m1", "ann", "other"))).seq, 1);
	});

	it("events are asked for again when the seq turns out to be taken", async () => {
		const stream = newId();
		const asked: number[] = [];
		const racing = new Proxy(log, {
			get: (target, name) => {
				if (name !== "tail") return Reflect.get(target, name).bind(target);
				return async () => {
					const tail = await log.tail(stream);
					if (tail === 0) await log.append([aDraft(stream, 1, "theirs", { from: "bob" })]);
					return tail;
				};
			},
		});
		const posted = await new LogStreams(racing, now).post(stream, {
			...post("mine"),
			events: ({ seq }) => {
				asked.push(seq);
				return [anEvent(`at ${seq}`)];
			},
		});
		assert.deepEqual([posted.seq, asked], [2, [1, 2]]);
		const [row] = await store.entries.find({ where: { stream, from: "ann" } });
		assert.deepEqual(row?.outbox?.map(({ subject }) => subject), ["at 2"]); // biome-ignore format: one line
	});

	it("says UNAVAILABLE when the log does not know", async () => {
		const away = new Proxy(log, { get: () => () => Promise.reject(new LogUncertain("away")) });
		const streams = new LogStreams(away, now);
		await refused(streams.post("s", post("m1")), "UNAVAILABLE");
		await refused(streams.history("s", { limit: 1 }), "UNAVAILABLE");
	});
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { clientOf, historyOf, RawFollower, Reader } from "../support/live-followers.ts";
import { LiveSocket } from "../support/live-socket.ts";
import { type Someone, signUp } from "../support/market.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { until } from "../support/until.ts";

describe("One process with sockets that is told to stop", function () {
	this.timeout(60_000);
	let souk: Souk;
	let [ann, bob]: Someone[] = [];
	const open: { close(): void }[] = [];

	before(async () => {
		souk = await startSouk();
		[ann, bob] = await Promise.all(["buyer", "seller"].map((role) => signUp(souk.api, role as "buyer")));
	});
	afterEach(() => {
		for (const one of open.splice(0)) one.close();
	});
	after(() => souk?.stop());

	const keep = <T extends { close(): void }>(one: T): T => {
		open.push(one);
		return one;
	};
	const token = (): string => ann?.token ?? "";

	it("tells each of them to move before it ends them, ends well, and has lost nothing that it acked when it is back", async () => {
		const made = await souk.api.post("/v1/conversations", { memberIds: [bob?.id] }, { token: token() });
		const stream: string = made.body.streamId;
		const address = { url: souk.url, who: bob as Someone, position: { after: 0 } };
		const followers = [keep(new Reader(stream, address)), keep(new RawFollower(stream, { ...address, transport: "polling" }))];
		await Promise.all(followers.map((follower) => follower.live()));
		// These do not come back by themselves, so what they were told last is what they were told at the end.
		const transports = (["websocket", "polling"] as const).flatMap((one) => Array<typeof one>(20).fill(one));
		const told = transports.map((one) => keep(new LiveSocket(souk.url, { stream, token: token(), transports: [one] })));
		await Promise.all(told.map((socket) => socket.ready()));
		const ends = told.map(({ socket }) => once(socket as never, "disconnect"));

		const acked = new Map<string, number>();
		let over = false;
		const pen = keep(clientOf({ url: souk.url, who: ann as Someone })).conversation(stream, { last: 0 });
		const writing = [1, 2, 3].map(async (writer) => {
			for (let count = 0; !over; count += 1) acked.set(`${writer}-${count}`, (await pen.post("text", `${writer}-${count}`)).seq);
		});
		const ackedMore = (count: number) => until("posts to be acked", async () => acked.size, (now) => now >= count); // biome-ignore format: one line
		await ackedMore(50);
		assert.deepEqual(await souk.kill("SIGTERM"), { code: 0, signal: null });
		await Promise.all(ends);
		for (const { told: said } of told) assert.equal(said.at(-1), "moved");
		await souk.restart();
		await ackedMore(acked.size + 10);
		over = true;
		await Promise.all(writing);

		const log = await historyOf(souk.api, stream, token());
		await Promise.all(followers.map((follower) => follower.reach(log.length)));
		assert.deepEqual([log.length, new Set(log.map(({ id }) => id)).size], [acked.size, acked.size]);
		for (const { id, seq } of log) assert.equal(acked.get(id), seq);
		for (const { entries, violations, name } of followers) assert.deepEqual([violations, entries], [[], log], name);
	});
});

import assert from "node:assert/strict";
import type { NotificationBody } from "../../contracts/notifications.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import { assertAnnounced, type Json } from "../support/announced.ts";
import type { HttpAnswer } from "../support/http.ts";
import { InboxDevice } from "../support/inbox-device.ts";
import { LiveSockets } from "../support/live-socket.ts";
import type { LiveWorld } from "../support/live-world.ts";
import { type Market, openMarket, type Someone, signUp } from "../support/market.ts";
import { until } from "../support/until.ts";

const base = "/v1/notifications";

/** What a person's devices and the API tell of their notifications, wherever the inboxes live. */
export const inboxes = (world: () => LiveWorld): void => {
	let market: Market;
	let document: Json;
	const open: InboxDevice[] = [];
	const sockets = new LiveSockets(() => world().doors[0] ?? "");

	before(async () => {
		document = (await world().api.get("/openapi.json")).body;
	});
	beforeEach(async () => {
		market = await openMarket(world().api);
	});
	afterEach(() => {
		for (const device of open.splice(0)) {
			assert.deepEqual(device.violations, [], device.name);
			const versions = device.counters.map(({ version }) => version);
			assert.deepEqual(
				versions,
				[...new Set(versions)].sort((a, b) => a - b),
				device.name,
			);
			device.close();
		}
		sockets.closeAll();
	});

	const call = async (method: "GET" | "POST", path: string, say: object = {}, body?: object): Promise<HttpAnswer> => {
		const answer = await world().api.request(method, `${base}${path}`, body, { token: market.buyer.token, ...say });
		assertAnnounced(document, method, `${base}${path}`, answer);
		return answer;
	};
	/** At every door over every transport. */
	const devicesOf = async (who: Someone): Promise<InboxDevice[]> => {
		const all = world().doors.flatMap((url) =>
			(["websocket", "polling"] as const).map((transport) => new InboxDevice({ url, who, transport, position: { after: 0 } })),
		);
		open.push(...all);
		await Promise.all(all.map((device) => device.live()));
		return all;
	};
	const kindsOf = ({ entries }: InboxDevice): string[] => entries.map(({ body }) => (body as NotificationBody).notification_type);
	/** An order that is paid: two notifications for its buyer and two for its seller. */
	const order = async (): Promise<string> => {
		const { id } = await market.place({});
		await market.until(id, "paid");
		return id;
	};
	const allCount = (devices: readonly InboxDevice[], wanted: Parameters<InboxDevice["counts"]>[0]): Promise<unknown> =>
		Promise.all(devices.map((device) => device.counts(wanted)));
	const untilTotal = (total: number, token: string) =>
		until(`${total} notifications`, () => call("GET", "?limit=100", { token }), ({ body }) => body.counters.total === total); // biome-ignore format: one line

	it("every device gets each notification once, in order, with counters that are right", async () => {
		const { buyer, seller } = market;
		const [devices, shop] = [await devicesOf(buyer), await devicesOf(seller)];
		await order();
		await order();
		await allCount([...devices, ...shop], { unseen: 4, unread: 4, total: 4 });
		for (const [all, token] of [
			[devices, buyer.token],
			[shop, seller.token],
		] as const) {
			await Promise.all(all.map((device) => device.reach(4)));
			const { body } = await call("GET", "?filter=all", { token });
			const listed = body.items.map(({ id, seq }: { id: string; seq: number }) => [id, seq]).reverse();
			for (const device of all) {
				assert.deepEqual(device.entries.map(({ id, seq }) => [id, seq]), listed, device.name); // biome-ignore format: one line
			}
		}
		assert.equal(kindsOf(devices[0] ?? assert.fail()).filter((kind) => kind === "announcement").length, 2);
		assert.deepEqual(new Set(kindsOf(shop[0] ?? assert.fail())), new Set(["purchase_notification"]));
	});

	it("what one device does, or the API, all devices are told", async () => {
		const devices = await devicesOf(market.buyer);
		await order();
		await allCount(devices, { unread: 2 });
		assert.equal((await devices[0]?.stream.read(1))?.seq, 1);
		await allCount(devices, { unread: 1, unseen: 1, total: 2 });
		// Beyond the end is the end, and backwards is nowhere.
		assert.equal((await devices.at(-1)?.stream.read(1_000))?.seq, 2);
		assert.equal((await devices[0]?.stream.read(1))?.seq, 2);
		await allCount(devices, { unread: 0, unseen: 0, total: 2 });
		const [newest] = (await call("GET", "")).body.items;
		assert.equal((await call("POST", `/${newest.id}/unread`)).status, 200);
		await allCount(devices, { unread: 1, unseen: 0 });
		assert.equal((await call("POST", `/${newest.id}/archive`)).body.archived, true);
		await allCount(devices, { unread: 0, total: 1 });
		const { body } = await call("GET", "?filter=archived");
		assert.deepEqual(body.items.map(({ id }: { id: string }) => id), [newest.id]); // biome-ignore format: one line
		assert.equal(devices[0]?.counters.at(-1)?.version, body.counters.version);
	});

	it("all are marked at once, under an Idempotency-Key and If-Match as everything else", async () => {
		await order();
		await untilTotal(2, market.buyer.token);
		const keyed = { headers: { "idempotency-key": "all of them" } };
		const first = await call("POST", "/read-all", keyed);
		assert.deepEqual([first.status, first.body.counters.unread], [200, 0]);
		assert.equal(first.headers.get("etag"), `"${first.body.version}"`);
		const [item] = (await call("GET", "")).body.items;
		await call("POST", `/${item.id}/unread`);
		const again = await call("POST", "/read-all", keyed);
		assert.deepEqual([again.body, again.headers.get("idempotency-replayed")], [first.body, "true"]);
		assert.equal((await call("GET", "?filter=unread")).body.items.length, 1);
		const stale = await call("POST", `/${item.id}/read`, { headers: { "if-match": '"1000"' } });
		assert.deepEqual([stale.status, stale.body.code], [412, "VERSION_CONFLICT"]);
		assert.deepEqual((await call("POST", "/seen")).body.counters.unseen, 0);
		for (const token of [market.seller.token, (await signUp(world().api, "buyer")).token]) {
			assert.equal((await call("POST", `/${item.id}/read`, { token })).status, 404);
		}
		assert.equal((await call("GET", "", { token: "" })).status, 401);
		assert.equal((await call("GET", "?filter=none")).status, 400);
	});

	it("an inbox is its owner's alone, takes no posts, and belongs to its namespace", async () => {
		const { buyer, seller } = market;
		const stream = inboxOf(buyer.id);
		const refusal = (stream_id: string, namespace: string, { token }: Someone) =>
			sockets.dial({ stream: stream_id, namespace, token }).refusal();
		assert.equal(await refusal(stream, "/notifications", seller), "NOT_FOUND");
		assert.equal(await refusal("inbox-nobody", "/notifications", seller), "NOT_FOUND");
		assert.equal(await refusal(stream, "/chat", buyer), "WRONG_STREAM");
		assert.equal(await refusal("0123456789abcdef", "/notifications", buyer), "WRONG_STREAM");
		const mine = await sockets.dial({ stream, namespace: "/notifications", token: buyer.token }).ready();
		for (const [said, message] of [
			["post", { id: "p1", text: "To myself" }],
			["amend", { id: "p2", target: "p1", text: null }],
			["delivered", { seq: 1 }],
		] as const) {
			assert.equal(await mine.refusalOf(said, message), "VALIDATION", said);
		}
		assert.deepEqual((await call("GET", "")).body.items, []);
	});

	it("whoever comes back gets what they missed, and with a position of another log all of it", async () => {
		const { buyer: who } = market;
		const url = world().doors[0] ?? "";
		await order();
		const { body } = await untilTotal(2, who.token);
		const [last] = body.items;
		await order();
		await untilTotal(4, who.token);
		const back = new InboxDevice({ url, who, position: { after: 2, lastId: last.id } });
		const lost = new InboxDevice({ url, who, position: { after: 2, lastId: "another" } });
		open.push(back, lost);
		await Promise.all([back.reach(4), lost.reach(4)]);
		assert.deepEqual([back.entries.map(({ seq }) => seq), back.resets], [[3, 4], 0]);
		assert.deepEqual([lost.entries.map(({ seq }) => seq), lost.resets], [[1, 2, 3, 4], 1]);
		const page = await back.stream.history(3, 10);
		assert.deepEqual(page.map(({ seq }) => seq), [1, 2]); // biome-ignore format: one line
	});

	it("when the owner is killed devices come back and miss nothing, and every notification is there once", async function () {
		this.timeout(120_000);
		const devices = await devicesOf(market.buyer);
		await order();
		await Promise.all(devices.map((device) => device.reach(2)));
		const placed: Promise<unknown>[] = [];
		if (world().doors.length > 2) placed.push(order(), order());
		await world().endOwner(inboxOf(market.buyer.id), "SIGKILL", async () => void (await Promise.all(placed)));
		if (placed.length === 0) await Promise.all([order(), order()]);
		await Promise.all(devices.map((device) => device.reach(6)));
		await allCount(devices, { unseen: 6, unread: 6, total: 6 });
		const ids = new Set(devices[0]?.entries.map(({ id }) => id));
		assert.equal(ids.size, 6);
	});

	it("an account that goes takes its inbox along", async () => {
		const who = market.buyer;
		await order();
		await untilTotal(2, who.token);
		const socket = await sockets.dial({ stream: inboxOf(who.id), namespace: "/notifications", token: who.token }).ready();
		assert.equal((await world().api.request("DELETE", "/v1/auth/me", undefined, { token: who.token })).status, 204);
		await socket.ended();
		assert.equal(await sockets.dial({ stream: inboxOf(who.id), namespace: "/notifications", token: who.token }).refusal(), "UNAUTHORIZED"); // biome-ignore format: one line
	});
};

import assert from "node:assert/strict";
import type { Socket } from "socket.io-client";
import { routes } from "../../contracts/http/index.ts";
import { assertAnnounced, type Json } from "../support/announced.ts";
import { type HttpAnswer, type HttpClient, login, type Say } from "../support/http.ts";
import { type Someone, signUp } from "../support/market.ts";
import { openSocket, untilGone } from "../support/socket-client.ts";
import { admin } from "../support/souk.ts";
import { until } from "../support/until.ts";

export interface Operated {
	api: HttpClient;
	/** Each takes sockets. */
	urls: readonly string[];
}

/** What operators see of a running Souk, in both profiles. Each answer is held against the OpenAPI document. `TRUST_PROXY` is 1. */
export const operators = (souk: () => Operated): void => {
	let [ann, bob]: Someone[] = [];
	let stream = "";
	let operator: Say = {};
	let document: Json;
	let sockets: Socket[] = [];

	before(async () => {
		const { api } = souk();
		document = (await api.get("/openapi.json")).body;
		operator = { token: (await login(api, admin.email, admin.password)).token };
	});
	beforeEach(async () => {
		const { api } = souk();
		[ann, bob] = await Promise.all(["buyer", "seller"].map((role) => signUp(api, role as "buyer")));
		stream = (await api.post("/v1/conversations", { memberIds: [bob?.id] }, { token: ann?.token ?? "" })).body.streamId;
	});
	afterEach(() => {
		for (const socket of sockets) socket.close();
		sockets = [];
	});

	const see = async (path: string, say = operator): Promise<HttpAnswer> => {
		const answer = await souk().api.get(path, say);
		assertAnnounced(document, "GET", path, answer);
		return answer;
	};
	const follow = async (who = ann, options: object = {}, url = souk().urls[0] ?? ""): Promise<Socket> => {
		const socket = await openSocket(url, stream, who?.token ?? "", options);
		sockets.push(socket);
		return socket;
	};
	const connections = async (query: string): Promise<Json[]> => (await see(`/v1/admin/connections?${query}`)).body.items;
	const untilSeen = (query: string, holds: (rows: Json[]) => boolean): Promise<Json[]> =>
		until(`the connections ?${query}`, () => connections(query), holds);

	it("see who is connected: from where, with what, to what, and for how long", async () => {
		for (const transport of ["websocket", "polling"]) {
			const extraHeaders = { "x-forwarded-for": "198.51.100.1, 203.0.113.7", "user-agent": `a ${transport} browser` };
			for (const url of souk().urls) await follow(ann, { transports: [transport], extraHeaders }, url);
		}
		const rows = await untilSeen(`user=${ann?.id}&live=true`, ({ length }) => length === 2 * souk().urls.length);
		for (const { agent, ...row } of rows) {
			assert.match(agent, /^a (websocket|polling) browser$/);
			assert.deepEqual([row.userId, row.address, row.stream, row.namespace, row.live], [ann?.id, "203.0.113.7", stream, "/chat", true]); // biome-ignore format: one line
			assert.ok(row.node !== "" && row.endedAt === undefined && Date.parse(row.connectedAt) > Date.parse("2020-01-01"));
		}
		assert.equal(new Set(rows.map(({ node }) => node)).size, 1); // wherever they came in, the stream's owner serves them
		assert.deepEqual(await connections(`user=${bob?.id}`), []);
	});

	it("see inboxes beside conversations, and each as a stream", async () => {
		const inbox = `inbox-${ann?.id}`;
		await follow();
		const url = souk().urls[0] ?? "";
		sockets.push(await openSocket(url, inbox, ann?.token ?? ""));
		const rows = await untilSeen(`user=${ann?.id}&live=true`, ({ length }) => length === 2);
		assert.deepEqual(rows.map((row) => [row.stream, row.namespace]), [[inbox, "/notifications"], [stream, "/chat"]]); // biome-ignore format: one line
		const { body } = await see(`/v1/admin/streams/${inbox}`);
		assert.deepEqual([body.id, body.owner, body.active, body.followers, body.members], [inbox, "own", true, 1, 1]);
		assert.equal((await see("/v1/admin/streams/inbox-nobody")).status, 404);
	});

	it("see why a connection ended, and when its client last spoke", async () => {
		const socket = await follow();
		await socket.emitWithAck("post", { id: "m1", text: "hello" });
		socket.close();
		const gone = await untilSeen(`user=${ann?.id}&live=false`, ({ length }) => length === 1);
		assert.deepEqual([gone[0].live, gone[0].endedBy], [false, "client"]);
		assert.ok(gone[0].connectedAt <= gone[0].lastMessageAt && gone[0].lastMessageAt <= gone[0].endedAt);
		const other = untilGone(await follow());
		assert.equal((await souk().api.patch(`/v1/admin/users/${ann?.id}`, { suspended: true }, operator)).status, 200);
		await other;
		const [newest, ...older] = await untilSeen(`user=${ann?.id}&live=false`, ({ length }) => length === 2);
		assert.deepEqual([newest.endedBy, newest.lastMessageAt], ["UNAUTHORIZED", undefined]);
		assert.deepEqual(older, gone);
	});

	it("page through them, the newest first", async () => {
		for (let count = 0; count < 5; count++) await follow();
		const all = await untilSeen(`user=${ann?.id}`, ({ length }) => length === 5);
		const times = all.map(({ connectedAt }) => connectedAt);
		assert.deepEqual(times, [...times].sort().reverse());
		const paged: Json[] = [];
		for (let cursor: string | null = ""; cursor !== null; ) {
			const from: string = cursor ? `&cursor=${cursor}` : "";
			const { body } = await see(`/v1/admin/connections?user=${ann?.id}&node=${all[0].node}&limit=2${from}`);
			paged.push(body.items);
			cursor = body.nextCursor;
		}
		assert.deepEqual(paged.flat(), all);
		assert.deepEqual(paged.map(({ length }) => length), [2, 2, 1]); // biome-ignore format: one line
		assert.deepEqual(await connections(`user=${ann?.id}&node=none`), []);
		assert.equal((await see("/v1/admin/connections?cursor=none")).status, 400);
		assert.equal((await see("/v1/admin/connections?live=perhaps")).status, 400);
	});

	it("see the nodes: what they run and how they do, and no secret", async () => {
		const { text, body } = await see("/v1/admin/nodes");
		assert.equal(body.nextCursor, null);
		const names = body.items.flatMap(({ services }: Json) => services);
		for (const name of ["gateway", "auth", "orders", "payment", "chat", "notification"]) assert.ok(names.includes(name), text);
		for (const { available, ready, cpu, memory, uptime } of body.items) {
			assert.deepEqual([available, ready], [true, true]);
			assert.ok(memory > 10_000_000 && uptime >= 0 && (cpu === null || cpu >= 0), text);
		}
		assert.doesNotMatch(text, /key|secret|metadata|mongodb:|redis:|nats:/i);
		const paged: Json[] = [];
		for (let cursor: string | null = ""; cursor !== null; ) {
			const page: HttpAnswer = await see(`/v1/admin/nodes?limit=1${cursor && `&cursor=${cursor}`}`);
			paged.push(...page.body.items);
			cursor = page.body.nextCursor;
		}
		const ids = (nodes: Json[]): string[] => nodes.map(({ id }) => id);
		assert.deepEqual(ids(paged), ids(body.items));
		assert.deepEqual(ids(paged), [...new Set(ids(paged))].sort());
	});

	it("see the rings, and the stream at its owner", async () => {
		const { text, body } = await see(`/v1/admin/ring?stream_id=${stream}`);
		assert.doesNotMatch(text, /"key"|secret|metadata/i);
		assert.deepEqual(
			[body.settled, Object.keys(body.rings), body.stream.id, body.stream.ring],
			[true, ["chat", "notification"], stream, "chat"],
		);
		const { owner } = body.stream;
		assert.ok(
			body.rings.chat.some(({ node, address }: Json) => node === owner.node && address === owner.address),
			text,
		);
		assert.equal((await see("/v1/admin/ring")).body.stream, undefined);

		const path = `/v1/admin/streams/${stream}`;
		const idle = { id: stream, node: owner.node, owner: "own", active: false, tail: 0, followers: 0, members: 2 };
		assert.deepEqual((await see(path)).body, idle);
		await Promise.all([follow(ann), follow(bob), follow(bob)]);
		await sockets[0]?.emitWithAck("post", { id: "m1", text: "hello" });
		assert.deepEqual((await see(path)).body, { ...idle, active: true, tail: 1, followers: 3 });
		const rows = await untilSeen(`user=${ann?.id}`, ({ length }) => length === 1);
		assert.equal(rows[0].node, owner.node);
		assert.equal((await see("/v1/admin/streams/none")).body.code, "NOT_FOUND");
	});

	it("see that no event waits in an outbox", async () => {
		const seen = async () => (await see("/v1/admin/outboxes")).body;
		const { items, nextCursor } = await until("the events to leave", seen, (page) => page.items.every(({ waiting }: Json) => waiting === 0)); // biome-ignore format: one line
		const names = items.map(({ service, collection }: Json) => `${service}/${collection}`);
		for (const name of ["auth/users", "chat/entries", "orders/orders", "payment/payments"]) assert.ok(names.includes(name), names.join()); // biome-ignore format: one line
		assert.deepEqual([names, nextCursor], [[...new Set(names)].sort(), null]);
		const first = (await see("/v1/admin/outboxes?limit=1")).body;
		const rest = (await see(`/v1/admin/outboxes?cursor=${first.nextCursor}`)).body;
		assert.deepEqual([...first.items, ...rest.items].map(({ collection }) => collection), items.map(({ collection }: Json) => collection)); // biome-ignore format: one line
	});

	it("see which streams are active, and on which node, page by page", async () => {
		await Promise.all([follow(ann), follow(bob)]);
		sockets.push(await openSocket(souk().urls[0] ?? "", `inbox-${ann?.id}`, ann?.token ?? ""));
		const rows: Json[] = [];
		for (let cursor: string | null = ""; cursor !== null; ) {
			const { body }: HttpAnswer = await see(`/v1/admin/streams?limit=1${cursor && `&cursor=${cursor}`}`);
			assert.ok(body.items.length <= 1 && body.silent.length === 0);
			rows.push(...body.items);
			cursor = body.nextCursor;
		}
		const ids = rows.map(({ id }) => id);
		assert.deepEqual(ids, [...new Set(ids)].sort());
		const ring = async (id: string) => (await see(`/v1/admin/ring?stream_id=${id}`)).body.stream.owner.node;
		const found = (id: string) => rows.find((row) => row.id === id);
		assert.deepEqual(found(stream), { id: stream, node: await ring(stream), tail: 0, followers: 2 });
		assert.equal(found(`inbox-${ann?.id}`).followers, 1);
		const { node } = found(stream);
		const there = (await see(`/v1/admin/streams?node=${node}&limit=100`)).body.items;
		assert.deepEqual(there.map(({ id }: Json) => id), rows.filter((row) => row.node === node).map(({ id }) => id)); // biome-ignore format: one line
		assert.deepEqual((await see("/v1/admin/streams?node=none")).body.items, []);
	});

	it("see the inbox of a user: counters, who follows it, what is not wanted; and nothing that stands in it", async () => {
		const by = { token: ann?.token ?? "" };
		const path = `/v1/admin/inboxes/${ann?.id}`;
		const fresh = (await see(path)).body;
		const nothing = { unseen: 0, unread: 0, total: 0, version: 0 };
		assert.deepEqual([fresh.userId, fresh.tail, fresh.counters, fresh.erased], [ann?.id, 0, nothing, false]);
		assert.deepEqual(fresh.preferences, { off: [], digest: "off", quietHours: false });
		const wish = { kinds: { chat_notification: { email: false } }, digest: "daily", quietHours: { start: "22:00", end: "06:00", zone: "Asia/Tokyo" } }; // biome-ignore format: one line
		assert.equal((await souk().api.put("/v1/notifications/preferences", wish, by)).status, 200);
		await souk().api.post(`/v1/conversations/${stream}/messages`, { text: "a secret word" }, { token: bob?.token ?? "" });
		sockets.push(await openSocket(souk().urls[0] ?? "", `inbox-${ann?.id}`, ann?.token ?? ""));
		const { text, body } = await until("the notification", () => see(path), ({ body: seen }) => seen.tail === 1); // biome-ignore format: one line
		assert.deepEqual([body.owner, body.active, body.followers, body.counters.unread], ["own", true, 1, 1]);
		assert.deepEqual(body.preferences, { off: ["chat_notification.email"], digest: "daily", quietHours: true });
		assert.doesNotMatch(text, /secret word|Tokyo/);
		assert.equal((await see("/v1/admin/inboxes/nobody")).body.code, "NOT_FOUND");
	});

	describe("leave in the audit log", () => {
		const entries = async (query: string): Promise<Json[]> => (await see(`/v1/admin/audit?${query}`)).body.items;

		it("each change that only they may make, who asked for it from where, and what came of it", async () => {
			const me = (await souk().api.get("/v1/auth/me", operator)).body.id;
			const bodies: Record<string, object> = {
				"auth.updateUser": { suspended: true },
				"auth.createKey": { name: "a till", scopes: ["intake"] },
			};
			// Whatever its entry in the table says of who may call it.
			const changing = routes.filter(({ path, method }) => path.startsWith("/v1/admin/") && method !== "GET");
			assert.ok(changing.length >= 7);
			for (const { method, path, action } of changing) {
				const say = { ...operator, headers: { "x-request-id": `walk-${action}`, "x-forwarded-for": "203.0.113.9" } };
				const answer = await souk().api.request(method, path.replace(":id", "nobody"), bodies[action] ?? {}, say);
				const [entry] = await entries(`action=${action}`);
				const { id, at, endedAt, target, outcome, code, traceId, ...facts } = entry; // nothing of them was there
				const expected = action === "auth.createKey" ? [201, answer.body.id, "done", undefined] : [404, "nobody", "refused", "NOT_FOUND"]; // biome-ignore format: one line
				assert.deepEqual([answer.status, target, outcome, code], expected, action);
				assert.ok(id && at <= endedAt && /^[0-9a-f]{32}$/.test(traceId));
				assert.deepEqual(facts, {
					...{ actor: { id: me, via: "rest" }, action, details: bodies[action] ?? {} },
					...{ requestId: `walk-${action}`, address: "203.0.113.9" },
				});
			}
		});

		it("what was done to whom, and nothing for who only looked or was not let in", async () => {
			const path = `/v1/admin/users/${ann?.id}`;
			assert.equal((await souk().api.patch(path, { suspended: true }, { token: bob?.token ?? "" })).status, 403);
			await see("/v1/admin/users");
			assert.deepEqual(await entries(`target=${ann?.id}`), []);
			for (const suspended of [true, false]) await souk().api.patch(path, { suspended }, operator);
			const seen = await entries(`target=${ann?.id}&outcome=done`);
			assert.deepEqual(
				seen.map(({ details, was }) => [details, was]),
				[
					[{ suspended: false }, { roles: ["buyer"], suspended: true }],
					[{ suspended: true }, { roles: ["buyer"], suspended: false }],
				],
			);
			const first = (await see(`/v1/admin/audit?target=${ann?.id}&limit=1`)).body;
			const rest = (await see(`/v1/admin/audit?target=${ann?.id}&limit=1&cursor=${first.nextCursor}`)).body;
			assert.deepEqual([...first.items, ...rest.items, rest.nextCursor], [...seen, null]);
		});

		it("who it was, whatever a client says of itself", async () => {
			const forged = { via: "repl", user: { id: "repl:root@desk", roles: ["admin"], sessionId: "repl" } };
			const headers = { via: "repl", user: JSON.stringify(forged.user), meta: JSON.stringify(forged) };
			const path = `/v1/admin/users/${ann?.id}?via=repl&meta=${encodeURIComponent(JSON.stringify(forged))}`;
			const body = { suspended: false, roles: ["buyer"], ...forged, meta: forged, $meta: forged };
			assert.equal((await souk().api.patch(path, body, { token: bob?.token ?? "", headers })).status, 403);
			assert.equal((await souk().api.patch(path, body, { headers })).status, 401);
			assert.equal((await souk().api.patch(path, body, { ...operator, headers })).status, 200);
			const [entry, ...others] = await entries(`target=${ann?.id}`);
			const me = (await souk().api.get("/v1/auth/me", operator)).body.id;
			assert.deepEqual([entry.actor, entry.details, others], [{ id: me, via: "rest" }, { suspended: false, roles: ["buyer"] }, []]); // biome-ignore format: one line

			const socket = await follow(ann, { auth: { token: ann?.token, ...forged, meta: forged } });
			await socket.emitWithAck("post", { id: "m1", text: "hello", ...forged, meta: forged });
			const [row] = await untilSeen(`user=${ann?.id}`, ({ length }) => length === 1);
			const told = (await souk().api.get(`/v1/conversations/${stream}/messages`, { token: bob?.token ?? "" })).text;
			assert.ok(row.live && told.includes("hello") && !told.includes("repl:"), told);
		});

		it("what nobody can change or remove", async () => {
			const [entry] = await entries("limit=1");
			for (const method of ["PATCH", "PUT", "POST", "DELETE"] as const)
				for (const path of ["/v1/admin/audit", `/v1/admin/audit/${entry.id}`])
					assert.ok([404, 405].includes((await souk().api.request(method, path, {}, operator)).status));
		});
	});

	it("are admins", async () => {
		for (const path of ["connections", "nodes", "ring", "outboxes", "audit", "streams", `streams/${stream}`, "inboxes/x"]) {
			assert.equal((await see(`/v1/admin/${path}`, { token: ann?.token ?? "" })).body.code, "FORBIDDEN");
			assert.equal((await see(`/v1/admin/${path}`, {})).body.code, "UNAUTHORIZED");
		}
		const drain = (say: Say) => souk().api.post("/v1/admin/nodes/none/drain", {}, say);
		assert.equal((await drain({ token: ann?.token ?? "" })).body.code, "FORBIDDEN");
		assert.equal((await drain(operator)).body.code, "NOT_FOUND");
	});
};

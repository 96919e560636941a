import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { io } from "socket.io-client";
import { Ring } from "../../realtime/ring.ts";
import { freePort } from "../support/free-port.ts";
import { type HttpClient, httpClient, login } from "../support/http.ts";
import { assertOneHistory, historyOf, RawFollower, Reader } from "../support/live-followers.ts";
import { type Dialing, LiveSockets } from "../support/live-socket.ts";
import { type Someone, signUp } from "../support/market.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { scraped } from "../support/scrape.ts";
import { needs, needsOwn } from "../support/servers.ts";
import { admin, type Cluster, type ClusterNode, startCluster } from "../support/souk.ts";
import { until } from "../support/until.ts";

interface Node {
	readonly node: ClusterNode;
	/** Of its sockets. */
	readonly address: string;
	readonly metrics: string;
}

const services = ["gateway", "auth", "orders", "payment", "chat", "notification", "email"];

describe("Three nodes behind nginx", function () {
	this.timeout(120_000);
	let cluster: Cluster;
	let nginx: Nginx;
	let api: HttpClient;
	const nodes: Node[] = [];
	const people: Someone[] = [];
	const streams: { id: string; members: readonly Someone[] }[] = [];
	const sockets = new LiveSockets(() => api.url);

	before(async function () {
		needs(this, "nginx");
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({ nodes: [], env: { TRUST_PROXY: "1", MAIL_FROM: "a@souk.example" } });
		await Promise.all(
			[0, 1, 2].map(async (at) => {
				const [port, metrics] = [await freePort(), await freePort()];
				const env = { SOCKET_PORT: String(port), METRICS_PORT: String(metrics) };
				const node = await cluster.add({ services, env });
				nodes[at] = { node, address: `127.0.0.1:${port}`, metrics: `http://127.0.0.1:${metrics}` };
			}),
		);
		const addresses = nodes.map(({ address }) => address).sort();
		const gateways = nodes.map(({ node }) => new URL(node.process.url).host);
		nginx = await startNginx({ chat: addresses, notification: addresses, gateways });
		api = httpClient(`http://127.0.0.1:${nginx.port}`);
		people.push(...(await Promise.all(Array.from({ length: 5 }, () => signUp(api, "buyer")))));
		for (const [at, one] of people.entries())
			for (const other of people.slice(at + 1)) {
				const made = await api.post("/v1/conversations", { memberIds: [other.id] }, { token: one.token });
				assert.equal(made.status, 201, made.text);
				streams.push({ id: made.body.streamId, members: [one, other] });
			}
		for (const one of people) streams.push({ id: `inbox-${one.id}`, members: [one] });
	});
	after(async () => {
		sockets.closeAll();
		await nginx?.stop();
		await cluster?.stop();
	});

	const sum = async (name: string, of = nodes): Promise<number> =>
		(await Promise.all(of.map(({ metrics }) => scraped(metrics, name)))).reduce((all, one) => all + one, 0);

	/** Connections and polls that came to a node which does not own their stream, since the nodes started. */
	const passedOn = async (): Promise<number> => (await sum("door_splices_total")) + (await sum("door_relays_total"));

	/** Every member follows every stream by every transport, WebSocket that begins as long polling among them. */
	const followAll = async (): Promise<number> => {
		const dialings = streams.flatMap(({ id, members }) =>
			members.flatMap(({ token }) =>
				([["websocket"], ["polling"], ["polling", "websocket"]] as const).map((transports): Dialing => {
					return { stream: id, token, transports, namespace: id.startsWith("inbox-") ? "/notifications" : "/chat" };
				}),
			),
		);
		await Promise.all(dialings.map((dialing) => sockets.dial(dialing).ready()));
		return dialings.length;
	};

	it("have every socket at its owner, by WebSocket and long polling: none is passed on", async () => {
		const made = await followAll();
		const open = await Promise.all(nodes.map(({ metrics }) => scraped(metrics, "sockets_open")));
		assert.equal(open.reduce((all, one) => all + one, 0), made); // biome-ignore format: one line
		const ring = Ring.empty.withMembers(nodes.map(({ address }) => address));
		const theirs = ({ address }: Node): number => streams.filter(({ id }) => ring.owner(id) === address).reduce((sum, { members }) => sum + 3 * members.length, 0); // biome-ignore format: one line
		assert.deepEqual(open, nodes.map(theirs)); // biome-ignore format: one line
		assert.equal(await passedOn(), 0);
	});

	it("share the requests", async () => {
		const before = await Promise.all(
			nodes.map(({ metrics }) => scraped(metrics, "http_requests_total", { route: "/v1/products" })),
		);
		for (let round = 0; round < 15; round += 1) await Promise.all([1, 2, 3, 4].map(() => api.get("/v1/products")));
		const after = await Promise.all(
			nodes.map(({ metrics }) => scraped(metrics, "http_requests_total", { route: "/v1/products" })),
		);
		const shares = after.map((count, at) => count - (before[at] ?? 0));
		assert.equal(shares.reduce((all, one) => all + one, 0), 60); // biome-ignore format: one line
		assert.ok(
			shares.every((share) => share >= 10 && share <= 30),
			String(shares),
		);
	});

	it("know where their clients are, whatever those say", async () => {
		const [{ id, members }] = streams as [(typeof streams)[number]];
		const [who] = members as readonly [Someone];
		const socket = io(new URL("/chat", api.url).href, {
			query: { stream_id: id },
			auth: { token: who.token },
			forceNew: true,
			reconnection: false,
			transports: ["polling", "websocket"],
			extraHeaders: { "X-Forwarded-For": "6.6.6.6" },
			agent: new Agent({ localAddress: "127.0.0.7" }) as never, // types of browsers
		});
		const { token } = await login(api, admin.email, admin.password);
		const addresses = async (): Promise<string[]> =>
			((await api.get(`/v1/admin/connections?user=${who.id}&live=true`, { token })).body.items as { address: string }[]).map(
				({ address }) => address,
			);
		try {
			const seen = await until("its connection", addresses, (all) => all.includes("127.0.0.7"));
			assert.ok(!seen.includes("6.6.6.6"));
		} finally {
			socket.disconnect();
		}
	});

	it("lose one by kill -9 and get it back: nobody misses a message, and no socket is passed on once it is there", async () => {
		sockets.closeAll();
		const ring = Ring.empty.withMembers(nodes.map(({ address }) => address));
		const chats = streams.filter(({ members }) => members.length === 2);
		const victim = nodes.find(({ address }) => address === ring.owner(chats[0]?.id ?? "")) as Node;
		const his = chats.filter(({ id }) => ring.owner(id) === victim.address).slice(0, 2);
		const watched = [...his, ...chats.filter((chat) => !his.includes(chat)).slice(0, 2)];
		assert.ok(his.length > 0);
		const followers = watched.map(({ id, members: [one, other] }) => {
			const address = { url: api.url, position: { after: 0 } };
			return [
				new Reader(id, { ...address, who: one as Someone, transport: "polling" }),
				new RawFollower(id, { ...address, who: other as Someone }),
			] as const;
		});
		await Promise.all(followers.flat().map((follower) => follower.live()));
		const acked = new Map(watched.map(({ id }) => [id, new Map<string, number>()]));
		let over = false;
		const posting = watched.map(async ({ id, members: [one] }) => {
			while (!over) {
				const message = randomUUID();
				// As clients do it: the same message until it was taken.
				for (;;) {
					const said = { token: one?.token ?? "", timeout: 5_000 };
					const body = { id: message, text: message };
					const answer = await api.post(`/v1/conversations/${id}/messages`, body, said).catch(() => null);
					if (answer?.status === 201) {
						acked.get(id)?.set(message, answer.body.seq);
						await delay(10);
						break;
					}
					assert.ok(!answer || answer.status >= 500, answer?.text);
				}
			}
		});
		const reached = (more: number): Promise<unknown> => {
			const goals = watched.map(({ id }) => (acked.get(id)?.size ?? 0) + more);
			const sizes = async () => watched.map(({ id }) => acked.get(id)?.size ?? 0);
			return until("posts to go on", sizes, (now) => now.every((size, at) => size >= (goals[at] ?? 0)), 60_000);
		};
		try {
			await reached(3);
			await victim.node.process.kill("SIGKILL");
			await reached(5);
			await victim.node.process.restart();
			await reached(3);
			await reached(3);
		} finally {
			over = true;
			await Promise.allSettled(posting);
		}
		await Promise.all(posting);
		for (const [at, { id, members }] of watched.entries()) {
			const log = await historyOf(api, id, members[0]?.token ?? "");
			const two = followers[at] ?? [];
			await Promise.all(two.map((follower) => follower.reach(log.length)));
			assertOneHistory(log, two, acked.get(id));
			for (const follower of two) follower.close();
		}
		// nginx leaves one alone for two seconds after it did not answer, and one that starts turns sockets away for as long.
		const passed = async (): Promise<number> => {
			const before = await passedOn();
			sockets.closeAll();
			await followAll();
			return (await passedOn()) - before;
		};
		await until("sockets to come to their owners again", passed, (count) => count === 0, 10_000);
		assert.ok((await scraped(victim.metrics, "sockets_open")) > 0);
	});
});

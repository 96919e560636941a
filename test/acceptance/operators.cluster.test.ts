import assert from "node:assert/strict";
import type { Json } from "../support/announced.ts";
import { login, type Say } from "../support/http.ts";
import { type Someone, signUp } from "../support/market.ts";
import { Prompt } from "../support/prompt.ts";
import { needsOwn } from "../support/servers.ts";
import { openSocket, untilGone } from "../support/socket-client.ts";
import { admin, type Cluster, startCluster } from "../support/souk.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { until } from "../support/until.ts";
import { operators } from "./operators.suite.ts";

describe("Operators, on a cluster", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			env: { TRUST_PROXY: "1" },
			nodes: [
				{ services: ["gateway", "auth", "notification", "email"] },
				{ services: ["orders", "payment", "chat"] },
				{ services: ["chat"] },
			],
		});
	});
	after(async () => {
		await prompt?.kill();
		await cluster?.stop();
	});

	operators(() => ({ api: cluster.api, urls: [cluster.url] }));

	let prompt: SoukProcess;
	let ann: Someone;
	let say: Say;
	const ring = async (stream = "x") => (await cluster.api.get(`/v1/admin/ring?stream_id=${stream}`, say)).body;
	const members = async (): Promise<string[]> => (await ring()).rings.chat.map(({ node }: { node: string }) => node);
	const served = async (node: string): Promise<Json[]> =>
		(await cluster.api.get(`/v1/admin/connections?user=${ann.id}&node=${node}`, say)).body.items;
	/** A conversation of ann's that this node owns. */
	const streamOn = async (node: string): Promise<string> => {
		const memberIds = (await Promise.all([signUp(cluster.api, "buyer"), signUp(cluster.api, "buyer")])).map(({ id }) => id);
		for (;;) {
			const { streamId } = (await cluster.api.post("/v1/conversations", { memberIds }, { token: ann.token })).body;
			if ((await ring(streamId)).stream.owner.node === node) return streamId;
		}
	};
	beforeEach(async () => {
		say = { token: (await login(cluster.api, admin.email, admin.password)).token };
		ann = await signUp(cluster.api, "buyer");
	});

	it("take a node off the rings: its clients move on, and it passes on whoever still comes", async () => {
		const drain = (id: string) => cluster.api.post(`/v1/admin/nodes/${id}/drain`, undefined, say);
		const stream = await streamOn("chat-2");
		const { address } = (await ring(stream)).stream.owner;
		const socket = await openSocket(cluster.url, stream, ann.token);
		const moved = new Promise((resolve) => socket.once("moved", resolve));

		const done = await drain("chat-2");
		assert.deepEqual([done.status, done.body], [202, { id: "chat-2" }]);
		await moved;
		socket.close();
		await until("the ring without it", members, (seen) => !seen.includes("chat-2"));
		assert.equal((await drain("chat-2")).status, 202);
		const { items } = (await cluster.api.get("/v1/admin/nodes", say)).body;
		const drained = items.find(({ id }: Json) => id === "chat-2");
		assert.deepEqual([drained.ready, drained.sockets], [true, { address, rings: [] }]);
		for (const id of ["gateway-auth-notification-email-0", "orders-payment-chat-1"])
			assert.equal((await drain(id)).body.code, "TRANSITION_REFUSED");

		const late = await openSocket(`http://${address}`, stream, ann.token);
		await late.emitWithAck("post", { id: "m1", text: "hello" });
		const seen = (await cluster.api.get(`/v1/admin/streams/${stream}`, say)).body;
		assert.deepEqual([seen.node, seen.owner, seen.followers, seen.tail], ["orders-payment-chat-1", "own", 1, 1]);
		late.close();
		const [row] = await until("why it ended", () => served("chat-2"), ([first]) => first?.live === false); // biome-ignore format: one line
		assert.equal(row.endedBy, "moved");

		await cluster.nodes[2]?.process.restart();
		await until("the ring with it", members, (nodes) => nodes.includes("chat-2"));
	});

	it("join it with a prompt that owns and serves nothing, under a name of its own, without a database", async () => {
		const { TRANSPORTER = "", NAMESPACE } = cluster.env;
		const NODE_ID = "chat-2"; // as in the environment of the container that it is started in
		prompt = new SoukProcess({ TRANSPORTER, ...(NAMESPACE && { NAMESPACE }), NODE_ID, SERVICES: "chat" }, "scripts/start.js", ["--repl", "--attach"], "pipe"); // biome-ignore format: one line
		await prompt.start();
		const typist = new Prompt(prompt);
		const json = (line: string) => typist.json(line);
		const nodes = (await json("nodes")).items;
		const own = nodes.find(({ id }: Json) => id.startsWith("repl-"));
		assert.deepEqual([own.services, own.sockets, nodes.length], [[], undefined, 4]);
		const rings = (await json("ring")).rings;
		assert.deepEqual(rings, (await ring()).rings);
		assert.equal(rings.chat.length, 2);
		const stream = await streamOn("chat-2");
		const { address } = (await ring(stream)).stream.owner;
		assert.deepEqual(await json(`owner ${stream}`), { id: stream, ring: "chat", owner: { node: "chat-2", address } });
		const socket = await openSocket(cluster.url, stream, ann.token);
		assert.deepEqual((await json("streams --node chat-2")).items.find(({ id }: Json) => id === stream).followers, 1);
		const elsewhere = (await json("streams --node orders-payment-chat-1")).items;
		assert.ok(!elsewhere.some(({ id, node }: Json) => id === stream || node !== "orders-payment-chat-1"));
		assert.deepEqual([(await json(`stream ${stream}`)).node, (await json(`inbox ${ann.email}`)).owner], ["chat-2", "own"]);
		socket.close();
	});

	it("see that a node died, from the one that is left, which takes its streams although it was taken off the rings", async () => {
		const typist = new Prompt(prompt);
		const json = (line: string) => typist.json(line);
		assert.deepEqual(await json("drain orders-payment-chat-1"), { id: "orders-payment-chat-1" });
		const [{ actor, action, target, outcome }] = (await json("audit --limit 1")).items;
		assert.deepEqual([action, target, outcome, actor.via], ["gateway.drainNode", "orders-payment-chat-1", "done", "repl"]);
		assert.equal((await json(`drain ${(await json("nodes")).items.at(-1).id}`)).error.code, "TRANSITION_REFUSED"); // its own node
		await until("the ring of the other", members, (nodes) => nodes.join() === "chat-2");
		const stream = await streamOn("chat-2");
		const gone = untilGone(await openSocket(cluster.url, stream, ann.token));
		await until("the connection to be seen", () => served("chat-2"), ([row]) => row?.live === true); // biome-ignore format: one line
		await cluster.nodes[2]?.process.kill("SIGKILL");
		await gone;
		const [row] = await until("its end to be seen", () => served("chat-2"), ([first]) => first?.live === false); // biome-ignore format: one line
		assert.equal(row.endedBy, "node lost");
		await until("the ring of who is left", members, (nodes) => nodes.join() === "orders-payment-chat-1");
		(await openSocket(cluster.url, stream, ann.token)).close();
	});
});

describe("Operators of a node that has lost its bus", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [{ services: ["gateway", "auth", "orders", "payment", "chat", "notification", "email"] }],
		});
	});
	after(() => cluster?.stop());

	it("see which events wait, and that they leave when it is back", async () => {
		const say = { token: (await login(cluster.api, admin.email, admin.password)).token };
		const [ann, bob] = await Promise.all([signUp(cluster.api, "buyer"), signUp(cluster.api, "buyer")]);
		const by = { token: ann.token };
		const { streamId } = (await cluster.api.post("/v1/conversations", { memberIds: [bob.id] }, by)).body;
		const entries = async (): Promise<Json> =>
			(await cluster.api.get("/v1/admin/outboxes", say)).body.items.find(({ collection }: Json) => collection === "entries");
		await until("an empty outbox", entries, ({ waiting }) => waiting === 0);
		await cluster.nats.kill();
		assert.equal((await cluster.api.post(`/v1/conversations/${streamId}/messages`, { text: "hello" }, by)).status, 201);
		const { waiting, oldest } = await until("an event that waits", entries, (row) => row.waiting > 0);
		assert.ok(waiting === 1 && Date.parse(oldest) <= Date.now());
		await cluster.nats.restart();
		await until("an empty outbox again", entries, (row) => row.waiting === 0 && row.oldest === undefined);
	});
});

import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { deriveId } from "../../../contracts/ids.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import type { HttpAnswer } from "../../support/http.ts";
import { needsOwn, type RunningServer, startRedis } from "../../support/servers.ts";
import { type Shop, shop, shopRoutes } from "../../support/shop.ts";
import { until } from "../../support/until.ts";

// The gateway's part of Idempotency-Key. That a repeat changes nothing is held by the entities (orders, payment, auth).

const json = { "content-type": "application/json" };

/** A promise and the way to keep it. */
const gate = (): { opened: Promise<void>; open: () => void } => {
	const { promise, resolve } = Promise.withResolvers<void>();
	return { opened: promise, open: resolve };
};

const ask = (node: GatewayNode, key: string, body: object, more: { token?: string; headers?: object; path?: string } = {}) => {
	const headers = { ...json, "idempotency-key": key, ...more.headers };
	return node.api.post(more.path ?? "/v1/things", body, { token: more.token ?? "", headers });
};

const replayed = (answer: HttpAnswer): string | null => answer.headers.get("idempotency-replayed");

describe("repeated requests", () => {
	const nodes = new GatewayNodes();
	after(nodes.stopAll);

	const behaves = (start: () => Promise<{ node: GatewayNode; things: Shop }>): void => {
		let node: GatewayNode;
		let things: Shop;
		let token: string;
		let count = 0;
		let key: string;
		before(async () => {
			({ node, things } = await start());
			token = await node.token("ana");
		});
		beforeEach(() => {
			key = `key-${++count}`;
			things.runs = 0;
			things.hold = async () => undefined;
		});
		const send = (body: object = { name: "Lamp" }, more: object = {}) => ask(node, key, body, { token, ...more });

		it("answer the first answer again: status, body, ETag, Location, and a header that says so", async () => {
			const first = await send();
			const second = await send();
			assert.equal(first.status, 201);
			assert.equal(replayed(first), null);
			assert.equal(replayed(second), "true");
			assert.deepEqual([second.status, second.text], [first.status, first.text]);
			for (const name of ["etag", "location", "content-type"]) assert.equal(second.headers.get(name), first.headers.get(name));
			assert.equal(things.runs, 1);
		});

		it("are the same whatever the order of the body's members, and without what is not hashed", async () => {
			await send({ name: "Lamp", id: "a", password: "one" });
			assert.equal(replayed(await send({ password: "two", id: "a", name: "Lamp" })), "true");
		});

		it("with another body are refused", async () => {
			await send();
			const { status, body } = await send({ name: "Rug" });
			assert.deepEqual([status, body.code], [422, "IDEMPOTENCY_KEY_REUSED"]);
			assert.equal(things.runs, 1);
		});

		it("belong to a user, and to a concrete path", async () => {
			await send();
			const other = await send({ name: "Rug" }, { token: await node.token("ben") });
			assert.equal(other.status, 201);
			for (const id of ["a", "b"]) assert.equal(replayed(await send({}, { path: `/v1/things/${id}/move` })), null);
			assert.equal(replayed(await send({}, { path: "/v1/things/a/move" })), "true");
			assert.equal(replayed(await send({}, { path: "/v1/things/%61/move/" })), "true");
			assert.equal(things.runs, 4);
		});

		it("while the first runs are answered REQUEST_IN_FLIGHT with Retry-After", async () => {
			const { opened, open } = gate();
			things.hold = () => opened;
			const first = send();
			await until(
				"the first to run",
				async () => things.runs,
				(runs) => runs === 1,
			);
			const second = await send();
			assert.deepEqual([second.status, second.body.code], [409, "REQUEST_IN_FLIGHT"]);
			assert.match(second.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
			assert.equal((await send({ name: "Rug" })).status, 422);
			open();
			assert.equal((await first).status, 201);
			assert.equal(replayed(await send()), "true");
			assert.equal(things.runs, 1);
		});

		it("fifty at once run once, and agree", async () => {
			const answers = await Promise.all(Array.from({ length: 50 }, () => send()));
			const made = answers.filter(({ status }) => status === 201);
			assert.equal(new Set(made.map(({ text }) => text)).size, 1);
			assert.ok(answers.every(({ status }) => status === 201 || status === 409));
			assert.equal(things.runs, 1);
		});

		it("go on after a refusal, with the ids that were chosen at first", async () => {
			assert.equal((await send({ name: "refused" })).status, 422);
			assert.equal((await send({ name: "refused" })).body.code, "UNKNOWN_PRODUCT");
			const { status, body } = await send();
			assert.equal(status, 201);
			assert.equal(body.id, deriveId("request", "ana", "POST", "/v1/things", key));
			assert.equal(things.runs, 3);
		});

		it("go on after a body that was not valid", async () => {
			assert.equal((await send({})).status, 400);
			assert.equal((await send()).status, 201);
		});

		it("are answered before If-Match is looked at", async () => {
			const path = "/v1/things/a/move";
			assert.equal((await send({}, { path, headers: { "if-match": '"1"' } })).status, 200);
			const again = await send({}, { path, headers: { "if-match": '"9"' } });
			assert.deepEqual([again.status, replayed(again)], [200, "true"]);
		});

		it("leave no answer with a secret in the cache", async () => {
			const path = "/v1/keys";
			const first = await send({ password: "x" }, { path });
			const second = await send({ password: "x" }, { path });
			assert.notEqual(second.text, first.text);
			assert.equal(replayed(second), null);
		});

		for (const [what, bad] of [
			["an empty key", ""],
			["a key of 256 characters", "k".repeat(256)],
		] as const) {
			it(`refuse ${what}`, async () => {
				key = bad;
				const { status, body } = await send();
				assert.equal(status, 400);
				assert.equal(body.errors[0].pointer, "/Idempotency-Key");
			});
		}

		it("take a key of 255 characters", async () => {
			key = "k".repeat(255);
			assert.equal((await send()).status, 201);
			assert.equal(replayed(await send()), "true");
		});

		it("without a key are different requests", async () => {
			const plain = () => node.api.post("/v1/things", { name: "Lamp" }, { token });
			assert.notEqual((await plain()).body.id, (await plain()).body.id);
		});
	};

	describe("in one process", () => {
		behaves(async () => {
			const things = shop();
			return { things, node: await nodes.start({ routes: shopRoutes, services: [things.schema] }) };
		});
	});

	describe("with Redis", () => {
		let redis: RunningServer;
		let client: Redis;
		before(async function () {
			needsOwn(this, "redis");
			redis = await startRedis({ own: true });
			client = new Redis(redis.url);
		});
		after(async () => {
			client?.disconnect();
			await redis?.stop();
		});
		const start = async () => {
			const things = shop();
			const auth = things.schema;
			const node = await nodes.start({ routes: shopRoutes, services: [auth], profile: { redisUrl: redis.url } });
			const redisIsUp = ({ body }: HttpAnswer) =>
				body.checks?.find(({ name }: { name: string }) => name === "redis")?.ok === true;
			await until("the gateway to reach Redis", () => node.api.get("/health"), redisIsUp);
			return { things, node };
		};
		behaves(start);

		describe("and failures", () => {
			let node: GatewayNode;
			let things: Shop;
			let token: string;
			before(async () => {
				({ node, things } = await start());
				token = await node.token("ana");
			});
			const send = (key: string, body: object = { name: "Lamp" }) => ask(node, key, body, { token });
			const nameOf = (key: string) => `souk:idempotency:${deriveId("request", "ana", "POST", "/v1/things", key)}`;

			it("another node's answer is replayed", async () => {
				const other = await start();
				const first = await send("shared");
				const again = await ask(other.node, "shared", { name: "Lamp" }, { token: await other.node.token("ana") });
				assert.deepEqual([again.status, again.text, replayed(again)], [201, first.text, "true"]);
				assert.equal(other.things.runs, 0);
			});

			it("a claim whose process died answers 409 until it ends, then the request runs with the same ids", async () => {
				const hash =
					(await send("hash-of")).body && (JSON.parse((await client.get(nameOf("hash-of"))) ?? "{}") as { hash: string }).hash;
				await client.set(nameOf("died"), JSON.stringify({ hash, token: "of a dead process" }), "PX", 1_500);
				const refused = await send("died");
				assert.deepEqual([refused.status, refused.body.code], [409, "REQUEST_IN_FLIGHT"]);
				assert.ok(Number(refused.headers.get("retry-after")) <= 2);
				const made = await until(
					"the claim to end",
					() => send("died"),
					({ status }) => status !== 409,
				);
				assert.equal(made.status, 201);
				assert.equal(made.body.id, deriveId("request", "ana", "POST", "/v1/things", "died"));
			});

			it("a claim is renewed while its request runs, so that nobody takes it for dead", async () => {
				const { opened, open } = gate();
				things.hold = () => opened;
				const running = send("slow");
				await until(
					"the claim",
					() => client.exists(nameOf("slow")),
					(there) => there === 1,
				);
				await client.pexpire(nameOf("slow"), 4_000);
				await until(
					"its renewal",
					() => client.pttl(nameOf("slow")),
					(ttl) => ttl > 4_000,
				);
				things.hold = async () => undefined;
				open();
				assert.equal((await running).status, 201);
			}).timeout(15_000);

			it("a flushed Redis forgets the answer, and the service is asked again with the same key", async () => {
				const first = await send("flushed");
				await client.flushall();
				const again = await send("flushed");
				assert.deepEqual([again.status, again.body.id, replayed(again)], [201, first.body.id, null]);
			});

			it("a claim that another node took over is not ended by its old holder", async () => {
				const { opened, open } = gate();
				things.hold = () => opened;
				const running = send("lost", { name: "refused" });
				await until(
					"the claim",
					() => client.exists(nameOf("lost")),
					(there) => there === 1,
				);
				await client.set(nameOf("lost"), JSON.stringify({ hash: "x", token: "another" }), "PX", 5_000);
				open();
				things.hold = async () => undefined;
				assert.equal((await running).status, 422);
				assert.equal(await client.exists(nameOf("lost")), 1);
			});

			it("killed meanwhile, requests go on in this process and their repeats are known", async () => {
				const { opened, open } = gate();
				things.hold = () => opened;
				const running = send("killed");
				await until(
					"the claim",
					() => client.exists(nameOf("killed")),
					(there) => there === 1,
				);
				await redis.kill();
				open();
				things.hold = async () => undefined;
				assert.equal((await running).status, 201);
				assert.equal(replayed(await send("killed")), "true");
				assert.equal((await send("while away")).status, 201);
				assert.equal(replayed(await send("while away")), "true");
				assert.equal((await send("while away", { name: "Rug" })).status, 422);
				assert.equal((await node.api.get("/health/ready")).status, 200);
				await redis.restart();
				await until(
					"Redis to be used again",
					async () => {
						await send(`back-${Math.random()}`);
						return client.dbsize().catch(() => 0);
					},
					(size) => size > 0,
				);
			});
		});
	});
});

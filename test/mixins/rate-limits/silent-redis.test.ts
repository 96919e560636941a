import assert from "node:assert/strict";
import type { Profile } from "../../../config/profile-type.ts";
import { type RateLimits, rateLimits } from "../../../mixins/rate-limits/rate-limits.ts";
import { type VolatileRedis, volatileRedis } from "../../../mixins/redis/volatile-redis.ts";
import { needs, type RunningServer, startRedis } from "../../support/servers.ts";
import { type TcpGate, tcpGate } from "../../support/tcp-gate.ts";
import { until } from "../../support/until.ts";

const limits = { api: { count: 1_000, seconds: 60 } } as Profile["rateLimits"];
const prefix = `silent-redis-${process.pid}`;

describe("rate limits with a Redis that takes commands and does not answer", () => {
	let server: RunningServer;
	let gate: TcpGate;
	const clients: VolatileRedis[] = [];
	let troubles = 0;
	const counting = async (port: number): Promise<RateLimits> => {
		const redis = volatileRedis(`redis://127.0.0.1:${port}`, () => {
			troubles += 1;
		});
		clients.push(redis);
		redis.connect();
		await until("Redis", () => Promise.resolve(redis.isUp()), Boolean);
		return rateLimits(limits, redis, prefix);
	};
	before(async function () {
		needs(this, "redis");
		server = await startRedis();
		gate = await tcpGate(server.port);
	});
	after(async () => {
		for (const client of clients) client.close();
		await gate?.close();
		await server?.stop();
	});

	it("make one request wait for it, count the next in this process, and come back to it", async () => {
		const [near, far] = [await counting(server.port), await counting(gate.port)];
		assert.equal((await near.consume("api", "ana"))?.remaining, 999);
		assert.equal((await far.consume("api", "ana"))?.remaining, 998);
		gate.silence();
		assert.equal((await far.consume("api", "ana"))?.remaining, 999, "it counts for itself");
		const next = far.consume("api", "ana");
		assert.ok(!(next instanceof Promise), "it asked the silent Redis again");
		assert.equal(next?.remaining, 998);
		gate.open();
		const together = async (): Promise<boolean> => {
			const before = (await near.consume("api", "ana"))?.remaining ?? 0;
			return (await far.consume("api", "ana"))?.remaining === before - 1;
		};
		await until("both to count together again", together, Boolean);
		assert.equal(troubles, 1, "told once");
		gate.silence();
		await far.consume("api", "ana");
		assert.equal(troubles, 2, "told again");
		gate.open();
	});
});

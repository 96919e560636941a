import assert from "node:assert/strict";
import type { ServiceBroker, ServiceSchema } from "moleculer";
import { ForgivingRedisCacher } from "../../config/redis-cacher.ts";
import { Brokers } from "../support/brokers.ts";
import { needsOwn, type RunningServer, startRedis } from "../support/servers.ts";
import { until } from "../support/until.ts";

describe("the cache in Redis", () => {
	const brokers = new Brokers();
	let redis: RunningServer | undefined;
	let broker: ServiceBroker;
	let asked = 0;

	const menu: ServiceSchema = {
		name: "menu",
		actions: { today: { cache: { keys: ["dish"] }, handler: ({ params }) => ({ dish: params.dish, asked: ++asked }) } },
	};
	const today = (dish: string): Promise<{ asked: number }> => broker.call("menu.today", { dish });
	const isCached = async (dish: string): Promise<boolean> => {
		const first = await today(dish);
		const second = await today(dish);
		return first.asked === second.asked;
	};

	before(async function () {
		needsOwn(this, "redis");
		redis = await startRedis({ own: true });
		broker = await brokers.start({ cacher: new ForgivingRedisCacher(redis.url, "contract", 30) }, menu);
	});
	after(async () => {
		await brokers.stopAll();
		await redis?.stop();
	});

	it("answers the second call from the cache", async () => {
		await until("a hit", () => isCached("satay"), Boolean);
	});

	it("misses while Redis is away, and no call fails or waits for it", async () => {
		await redis?.kill();
		const answers = await Promise.all(Array.from({ length: 20 }, () => today("laksa")));
		assert.equal(new Set(answers.map((answer) => answer.asked)).size, 20);
	});

	it("hits again once Redis is back, without a restart", async () => {
		await redis?.restart();
		await until("a hit", () => isCached("rendang"), Boolean);
	});

	it("misses while Redis hangs", async () => {
		process.kill(redis?.pid ?? 0, "SIGSTOP");
		const { asked: before } = await today("rendang");
		assert.ok(before > 0);
		process.kill(redis?.pid ?? 0, "SIGCONT");
	});

	it("lets the broker stop to its end while Redis is away", async () => {
		await redis?.kill();
		let stopped = false;
		const leaving = await brokers.start({
			cacher: new ForgivingRedisCacher(redis?.url ?? "", "contract", 30),
			stopped: () => {
				stopped = true;
			},
		});
		await leaving.stop();
		assert.equal(stopped, true);
	});
});

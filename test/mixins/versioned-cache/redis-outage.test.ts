import assert from "node:assert/strict";
import { type Dish, dish, get, missed, type OpenDishes, RedisDishes } from "../../support/dish-cache.ts";
import { needsOwn, type RunningServer, startRedis } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

describe("a cache of versions while Redis comes and goes", () => {
	let server: RunningServer | undefined;
	const dishes = new RedisDishes(() => server?.url ?? "");
	beforeEach(async function () {
		needsOwn(this, "redis");
		server = await startRedis({ own: true });
	});
	afterEach(async () => {
		dishes.closeAll();
		await server?.stop();
	});

	const isBack = ({ cache }: OpenDishes) =>
		until(
			"Redis to be used again",
			async () => missed(cache, `probe-${Math.random()}`),
			({ fill }) => fill !== undefined,
		);
	const put = async ({ cache }: OpenDishes, id: string, value: Dish) => (await cache.writing(id)).done(value);

	it("misses while it is away, tells of every write it missed, and is used again afterwards", async () => {
		const node = await dishes.open({});
		await put(node, "a", dish(1));
		await server?.kill();
		assert.equal(await get(node.cache, "a"), undefined);
		await put(node, "a", dish(2));
		assert.deepEqual(node.untold, [["a", 2]]);
		await server?.restart();
		await isBack(node);
		await (await missed(node.cache, "a")).fill?.(dish(2));
		assert.deepEqual(await get(node.cache, "a"), dish(2));
	});

	it("never answers what lies there from before a write that it could not be told, on any node that heard of it", async () => {
		const writer = await dishes.open({ prefix: "stopped" });
		const told = await dishes.open({ prefix: "stopped" });
		await put(writer, "a", dish(1));
		writer.redis.client.disconnect(); // this node alone is cut off: the old value stays where all others see it
		await until(
			"the cut to be noticed",
			async () => writer.redis.isUp(),
			(up) => !up,
		);
		await put(writer, "a", dish(2));
		assert.deepEqual(writer.untold, [["a", 2]]);
		for (const [id, version] of writer.untold) told.cache.distrust(id, version);
		assert.equal(await get(told.cache, "a"), undefined);
		assert.equal(await get(writer.cache, "a"), undefined);
	});

	it("mends what lies there as soon as it can, for nodes that were told nothing", async () => {
		const writer = await dishes.open({ prefix: "mended" });
		await put(writer, "a", dish(1));
		writer.redis.client.disconnect();
		await until(
			"the cut to be noticed",
			async () => writer.redis.isUp(),
			(up) => !up,
		);
		await put(writer, "a", dish(2));
		const untoldNode = await dishes.open({ prefix: "mended" });
		assert.deepEqual(await get(untoldNode.cache, "a"), dish(1)); // the window that docs/decisions/0014 names
		await writer.redis.client.connect();
		await until(
			"the old value to be gone",
			() => get(untoldNode.cache, "a"),
			(seen) => seen === undefined,
		);
	});

	it("lets nobody put what they read before Redis forgot everything", async () => {
		const node = await dishes.open({});
		const slowReader = await missed(node.cache, "a");
		const slowWriter = await node.cache.writing("b");
		await put(node, "a", dish(2));
		await put(node, "b", dish(3));
		await server?.restart();
		await isBack(node);
		await slowReader.fill?.(dish(1));
		await slowWriter.done(dish(2));
		assert.equal(await get(node.cache, "a"), undefined);
		assert.equal(await get(node.cache, "b"), undefined);
	});

	it("believes nothing that a restart brought back from a snapshot", async () => {
		const node = await dishes.open({});
		await put(node, "a", dish(1));
		await node.redis.client.save();
		await put(node, "a", dish(2));
		await server?.restart();
		await isBack(node);
		assert.ok((await node.redis.client.keys("*")).length > 1, "the snapshot was loaded");
		assert.equal(await get(node.cache, "a"), undefined);
	});
});

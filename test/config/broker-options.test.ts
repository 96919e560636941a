import assert from "node:assert/strict";
import { Errors, type LoggerConfig, type ServiceBroker } from "moleculer";
import { readEnvironment } from "../../config/environment.ts";
import { DomainError } from "../../contracts/errors.ts";
import { toWire } from "../../middlewares/domain-errors.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import { Brokers, quiet } from "../support/brokers.ts";

const options = brokerOptions(readEnvironment({}));

describe("the broker's options", () => {
	const brokers = new Brokers();
	after(brokers.stopAll);

	/** A broker with our options and an action that fails as told, until it is told to succeed. */
	const failing = async (): Promise<{ broker: ServiceBroker; fail: (error: Error | null) => void; tries: () => number }> => {
		let error: Error | null = null;
		let count = 0;
		const broker = await brokers.start(
			{ ...options, ...quiet },
			{
				name: "shop",
				actions: {
					serve() {
						count++;
						if (error) throw error;
						return "served";
					},
				},
			},
		);
		const fail = (next: Error | null): void => {
			error = next;
		};
		return { broker, fail, tries: () => count };
	};

	it("try again what another node may answer, and nothing that the caller has to hear", async () => {
		const { broker, fail, tries } = await failing();
		fail(new Errors.RequestRejectedError({ action: "shop.serve", nodeID: "n" }));
		await assert.rejects(broker.call("shop.serve"));
		assert.equal(tries(), 4);
		for (const error of [new DomainError("REQUEST_IN_FLIGHT"), new DomainError("UNAVAILABLE"), new Error("a bug")]) {
			fail(error);
			const before = tries();
			await assert.rejects(broker.call("shop.serve"));
			assert.equal(tries() - before, 1, String(error));
		}
	});

	it("open the circuit of a node that only fails, but not because the store that all nodes share is away", async () => {
		const { broker, fail } = await failing();
		const isServed = (): Promise<boolean> =>
			broker.call("shop.serve").then(
				() => true,
				() => false,
			);
		fail(toWire(new DomainError("UNAVAILABLE")));
		for (let i = 0; i < 40; i++) await isServed();
		fail(null);
		assert.equal(await isServed(), true);
		fail(new Errors.MoleculerError("broken", 500, "BROKEN"));
		for (let i = 0; i < 60; i++) await isServed();
		fail(null);
		await assert.rejects(broker.call("shop.serve"), { type: "SERVICE_NOT_AVAILABLE" });
	});

	it("give each reader of the cache a copy", async () => {
		const broker = await brokers.start(
			{ ...options, ...quiet, cacher: brokerOptions(readEnvironment({})).cacher ?? null },
			{ name: "menu", actions: { read: { cache: true, handler: () => ({ dishes: ["satay"] }) } } },
		);
		const first: { dishes: string[] } = await broker.call("menu.read");
		first.dishes.push("poison");
		assert.deepEqual(await broker.call("menu.read"), { dishes: ["satay"] });
	});

	it("keep Moleculer's own chatter out of an embedded log, but not out of a cluster's", () => {
		const levelOf = (env: Record<string, string>): unknown =>
			(brokerOptions(readEnvironment(env)).logger as LoggerConfig).options?.level;
		assert.equal((levelOf({}) as Record<string, string>).REGISTRY, "warn");
		assert.equal(levelOf({ LOG_LEVEL: "debug" }), "debug");
		assert.equal(levelOf({ TRANSPORTER: "nats://bus:4222", MONGO_URL: "mongodb://db", REDIS_URL: "redis://cache" }), "info");
	});
});

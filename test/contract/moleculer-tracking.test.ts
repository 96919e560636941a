import assert from "node:assert/strict";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { quiet } from "../support/brokers.ts";

/** A service whose one action ends when the test says so. */
const slowService = () => {
	const entered = Promise.withResolvers<void>();
	const leave = Promise.withResolvers<void>();
	const service: ServiceSchema = {
		name: "slow",
		actions: {
			async work() {
				entered.resolve();
				await leave.promise;
				return "done";
			},
		},
	};
	return { service, entered: entered.promise, leave: leave.resolve };
};

describe("Moleculer: a stop and the calls in flight", () => {
	it("waits for none of them by default", async () => {
		const { service, entered, leave } = slowService();
		const broker = new ServiceBroker({ ...quiet });
		broker.createService(service);
		await broker.start();
		const work = broker.call("slow.work");
		await entered;
		await broker.stop(); // resolves although the call still runs, which is the point
		leave();
		await work;
	});

	it("waits for them once tracking is on", async () => {
		const { service, entered, leave } = slowService();
		const order: string[] = [];
		const broker = new ServiceBroker({ ...quiet, tracking: { enabled: true, shutdownTimeout: 10_000 } });
		broker.createService(service);
		await broker.start();
		const work = broker.call("slow.work").then(() => order.push("the call"));
		await entered;
		const stopped = broker.stop().then(() => order.push("the stop"));
		setTimeout(leave, 300); // well after the stop's own delay of 100 ms, when an untracked stop would be over
		await Promise.all([work, stopped]);
		assert.deepEqual(order, ["the call", "the stop"]);
	});
});

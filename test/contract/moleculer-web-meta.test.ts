import assert from "node:assert/strict";
import { type Context, ServiceBroker, type ServiceSchema } from "moleculer";
import { quiet } from "../support/brokers.ts";
import { needs, type RunningServer, startNats } from "../support/servers.ts";

// The gateway reads from meta what a service tells about its answer (replayed, cache, status): Moleculer merges the meta of
// a call back into that of its caller, and into the object that broker.call() was given; also over the wire, also when the call failed.

const service: ServiceSchema = {
	name: "teller",
	actions: {
		tell(ctx: Context<{ fail: boolean }, { replayed?: boolean }>) {
			ctx.meta.replayed = true;
			if (ctx.params.fail) throw new Error("refused");
			return "told";
		},
	},
};

const caller: ServiceSchema = {
	name: "caller",
	actions: {
		async ask(ctx: Context<{ fail: boolean }, { replayed?: boolean }>) {
			await ctx.call<unknown, object>("teller.tell", ctx.params).catch(() => undefined);
			return ctx.meta.replayed ?? false;
		},
	},
};

const behaves = (broker: () => ServiceBroker): void => {
	for (const fail of [false, true]) {
		it(`comes back from a call that ${fail ? "failed" : "went well"}`, async () => {
			assert.equal(await broker().call("caller.ask", { fail }), true);
		});

		it(`is in the meta that was given to broker.call() for a call that ${fail ? "failed" : "went well"}`, async () => {
			const meta: { replayed?: boolean } = {};
			const call = broker().call<string, object>("teller.tell", { fail }, { meta });
			await (fail ? assert.rejects(call, { message: "refused" }) : call);
			assert.deepEqual(meta, { replayed: true });
		});
	}
};

describe("meta that an action sets", () => {
	describe("in one process", () => {
		const broker = new ServiceBroker({ ...quiet }); // Moleculer writes its defaults into what it is given
		before(() => {
			broker.createService(service);
			broker.createService(caller);
			return broker.start();
		});
		after(() => broker.stop());
		behaves(() => broker);
	});

	describe("over NATS", () => {
		let nats: RunningServer | undefined;
		let one: ServiceBroker;
		let two: ServiceBroker;
		before(async function () {
			needs(this, "nats");
			nats = await startNats();
			const options = { ...quiet, transporter: nats.url as never }; // its type knows names of transporters only
			one = new ServiceBroker({ ...options, nodeID: "one" });
			two = new ServiceBroker({ ...options, nodeID: "two" });
			one.createService(caller);
			two.createService(service);
			await Promise.all([one.start(), two.start()]);
			await one.waitForServices("teller");
		});
		after(async () => {
			await Promise.all([one?.stop(), two?.stop()]);
			await nats?.stop();
		});
		behaves(() => one);
	});
});

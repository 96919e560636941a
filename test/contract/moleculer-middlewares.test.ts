import assert from "node:assert/strict";
import type { Middleware } from "moleculer";
import { Brokers } from "../support/brokers.ts";

describe("Moleculer: the order of middlewares", () => {
	const brokers = new Brokers();
	after(brokers.stopAll);

	it("puts ours inside of its cache, so a hit passes by a middleware that checks who calls", async () => {
		const seen: string[] = [];
		const guard: Middleware = {
			name: "Guard",
			localAction: (next, action) => {
				const handler = next.bind(undefined as never); // bound to its service already; this only satisfies the type
				return (ctx) => {
					seen.push(String(action.name));
					return handler(ctx);
				};
			},
		};
		const broker = await brokers.start(
			{ cacher: "Memory", middlewares: [guard], internalServices: false },
			{ name: "secrets", actions: { read: { cache: true, handler: () => "the secret" } } },
		);
		await broker.call("secrets.read");
		assert.equal(await broker.call("secrets.read"), "the secret");
		assert.deepEqual(
			seen,
			["secrets.read"],
			"two calls, one look: nothing that depends on the caller may be cached in an action",
		);
	});
});

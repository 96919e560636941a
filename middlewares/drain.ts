import { setTimeout as delay } from "node:timers/promises";
import type { Middleware } from "moleculer";

interface Drains {
	drain(): Promise<void>;
	/** It has connections that come in by the port of another service of this process, which is to stay open until they were told to go. */
	readonly drainsFirst: boolean;
}

/** How long the others wait for those that drain first, in ms: a stop as a whole has 15 s. */
const firstMs = 3_000;

/**
 * Moleculer stops the services of a process all at once, so a request in flight would lose the service that it is about to call.
 * Services that hold connections have a `drain` method: it is awaited here first, while everything else still works. May be called again.
 */
export const drain = (): Middleware => ({
	name: "Drain",
	async stopping(broker) {
		const services = broker.services as readonly object[] as readonly Partial<Drains>[];
		const first = Promise.all(services.filter(({ drainsFirst }) => drainsFirst).map((service) => service.drain?.()));
		await Promise.race([first, delay(firstMs, undefined, { ref: false })]);
		await Promise.all([first, ...services.map((service) => service.drain?.())]);
	},
});

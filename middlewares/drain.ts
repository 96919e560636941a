import { setTimeout as delay } from "node:timers/promises";
import type { Middleware, ServiceBroker } from "moleculer";

interface Drains {
	drain(): Promise<void>;
	/** It has connections that come in by the port of another service of this process, which is to stay open until they were told to go. */
	readonly drainsFirst: boolean;
}

/** How long the others wait for those that drain first, in ms: a stop as a whole has 15 s. */
const firstMs = 3_000;

/**
 * A middleware whose `stopping` comes before those of Moleculer's own. Its tracker waits there for all calls in flight: while a gateway goes on taking
 * requests there is always one, until the time for the whole stop is nearly over. Of several, the last in the list comes first.
 */
export const stopsFirst = (name: string, stopping: (broker: ServiceBroker) => Promise<void>): Middleware => ({
	name,
	created(broker) {
		// By now Moleculer has added its own; hooks of a stop are called from the last to the first.
		(broker as unknown as { middlewares: { add(one: Middleware): void } }).middlewares.add({ name: `${name}, first`, stopping });
	},
});

/**
 * Moleculer stops the services of a process all at once, so a request in flight would lose the service that it is about to call.
 * Services that hold connections have a `drain` method: it is awaited here first, while everything else still works. May be called again.
 */
export const drain = (): Middleware =>
	stopsFirst("Drain", async (broker) => {
		const services = broker.services as readonly object[] as readonly Partial<Drains>[];
		const first = Promise.all(services.filter(({ drainsFirst }) => drainsFirst).map((service) => service.drain?.()));
		await Promise.race([first, delay(firstMs, undefined, { ref: false })]);
		await Promise.all([first, ...services.map((service) => service.drain?.())]);
	});

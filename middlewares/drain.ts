import type { Middleware } from "moleculer";

interface Drains {
	drain(): Promise<void>;
}

const drainOf = (service: object): Promise<void> | undefined => (service as Partial<Drains>).drain?.();

/**
 * Moleculer stops the services of a process all at once, so a request in flight would lose the service that it is about to call.
 * Services that hold connections have a `drain` method: it is awaited here first, while everything else still works.
 */
export const drain = (): Middleware => ({
	name: "Drain",
	async stopping(broker) {
		await Promise.all(broker.services.map(drainOf));
	},
});

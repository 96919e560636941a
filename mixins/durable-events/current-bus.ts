import { setTimeout as delay } from "node:timers/promises";
import type { ServiceBroker } from "moleculer";
import type { Bus } from "./bus.ts";
import { type BusSettings, fixed } from "./settings.ts";

// One bus a broker, shared by its services: opened by the first that needs it, closed with the last.

interface Shared {
	readonly bus: Promise<Bus>;
	readonly stopping: AbortController;
	/** Services that may still be given events. */
	readonly receivers: Set<object>;
	/** Resolves when there are none left. */
	readonly quiet: PromiseWithResolvers<void>;
	opened: Bus | undefined;
	users: number;
}

const buses = new WeakMap<ServiceBroker, Shared>();

/** Only the kind that is used is loaded, and with it its client. */
const open = async (broker: ServiceBroker, settings: BusSettings, signal: AbortSignal): Promise<Bus> => {
	const logger = broker.getLogger("durable-events");
	const { transporter } = settings;
	if (transporter === null) {
		const { LocalBus } = await import("./local-bus.ts");
		return new LocalBus(settings, logger);
	}
	const { JetStreamBus } = await import("./jetstream-bus.ts");
	return JetStreamBus.open({ transporter, settings, name: `${broker.nodeID} durable events`, logger, signal });
};

/** Each call needs its `releaseBus`, also after it has thrown. */
export const acquireBus = async (broker: ServiceBroker, settings: BusSettings): Promise<Bus> => {
	let shared = buses.get(broker);
	if (!shared) {
		const stopping = new AbortController();
		const bus = open(broker, settings, stopping.signal);
		shared = { bus, stopping, receivers: new Set(), quiet: Promise.withResolvers(), opened: undefined, users: 0 };
		buses.set(broker, shared);
	}
	shared.users += 1;
	try {
		shared.opened = await shared.bus;
		return shared.opened;
	} catch (error) {
		if (buses.get(broker) === shared) buses.delete(broker); // a start may fail and be tried again
		throw error;
	}
};

export const releaseBus = async (broker: ServiceBroker): Promise<void> => {
	const shared = buses.get(broker);
	if (!shared) return;
	shared.users -= 1;
	if (shared.users > 0) return;
	buses.delete(broker);
	shared.stopping.abort();
	if (shared.opened) return shared.opened.close();
	// Still waiting for its server: it is closed as soon as it is open, and a failure has been told to whoever waits for it.
	shared.bus.then(
		(bus) => bus.close(),
		() => undefined,
	);
};

/**
 * Says that a service may be given events from now on. The answer says that it no longer is, and, if the whole broker stops, waits
 * for the others: Moleculer stops all services at once, and a handler of one may still write into, or finish an event of, another.
 */
export const receiving = (broker: ServiceBroker, service: object): (() => Promise<void>) => {
	const shared = buses.get(broker);
	shared?.receivers.add(service);
	return async () => {
		shared?.receivers.delete(service);
		if (!shared || !broker.stopping) return;
		if (shared.receivers.size === 0) shared.quiet.resolve();
		await Promise.race([shared.quiet.promise, delay(fixed.drainMs, undefined, { ref: false })]);
	};
};

/**
 * The bus of this broker, for health and for the dead letters: `connected`, `health()`, `deadLetters`. Null before the first
 * service with the durable events mixin has started, and after the last has stopped.
 */
export const currentBus = (broker: ServiceBroker): Bus | null => buses.get(broker)?.opened ?? null;

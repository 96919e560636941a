import type { ServiceBroker } from "moleculer";
import type { Bus } from "./bus.ts";
import { JetStreamBus } from "./jetstream-bus.ts";
import { LocalBus } from "./local-bus.ts";
import type { BusSettings } from "./settings.ts";

// One bus a broker, shared by its services: opened by the first that needs it, closed with the last.

interface Shared {
	readonly bus: Promise<Bus>;
	opened: Bus | undefined;
	users: number;
}

const buses = new WeakMap<ServiceBroker, Shared>();

const open = async (broker: ServiceBroker, settings: BusSettings): Promise<Bus> => {
	const logger = broker.getLogger("durable-events");
	const { transporter } = settings;
	return transporter === null
		? new LocalBus(settings, logger)
		: await JetStreamBus.open(transporter, settings, `${broker.nodeID} durable events`, logger);
};

/** Each call needs its `releaseBus`, also after it has thrown. */
export const acquireBus = async (broker: ServiceBroker, settings: BusSettings): Promise<Bus> => {
	let shared = buses.get(broker);
	if (!shared) {
		shared = { bus: open(broker, settings), opened: undefined, users: 0 };
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
	if (shared.opened) return shared.opened.close();
	// Still waiting for its server: it is closed as soon as it is open, and a failure has been told to whoever waits for it.
	shared.bus.then(
		(bus) => bus.close(),
		() => undefined,
	);
};

/**
 * The bus of this broker, for health and for the dead letters: `connected`, `health()`, `deadLetters`. Null before the first
 * service with the durable events mixin has started, and after the last has stopped.
 */
export const currentBus = (broker: ServiceBroker): Bus | null => buses.get(broker)?.opened ?? null;

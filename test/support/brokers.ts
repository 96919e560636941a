import { type BrokerOptions, type LoggerConfig, ServiceBroker, type ServiceSchema } from "moleculer";
import { currentIds } from "../../middlewares/request-id.ts";

/** Broker options of a test: silent, and deaf to signals, which are the test runner's. Frozen: Moleculer fills its defaults into what it is given. */
export const quiet: BrokerOptions = Object.freeze({ logger: false, skipProcessEventRegistration: true });

/** Like `quiet`, but every line goes to `lines`, as [level, ...what was logged, and the ids of what it was logged for]. */
export const listening = (lines: unknown[][]): BrokerOptions => {
	const formatter = (level: string, args: unknown[]): unknown[] => {
		const ids = currentIds();
		lines.push(ids ? [level, ...args, ids] : [level, ...args]);
		return [];
	};
	const logger: LoggerConfig = { type: "Console", options: { level: "info", formatter } };
	return { ...quiet, logger };
};

/** Started brokers that end with the suite: `after(brokers.stopAll)`. */
export class Brokers {
	readonly #running: ServiceBroker[] = [];

	/** The options are Moleculer's defaults but for `quiet` and what is given. */
	async start(options: BrokerOptions, ...services: ServiceSchema[]): Promise<ServiceBroker> {
		const broker = new ServiceBroker({ ...quiet, ...options });
		this.#running.push(broker);
		for (const service of services) broker.createService(service);
		await broker.start();
		return broker;
	}

	readonly stopAll = async (): Promise<void> => {
		await Promise.all(this.#running.splice(0).map((broker) => broker.stop()));
	};
}

import type { AddressInfo } from "node:net";
import { ServiceBroker } from "moleculer";
import type { Profile } from "../../config/profile-type.ts";
import { measuredAll } from "../../mixins/metrics/metrics.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import { serveCopies } from "../backup/online-copy.ts";
import { startMetricsServer } from "./metrics-server.ts";
import { nodeHealth } from "./node-health.ts";
import { serversLetIn } from "./servers-let-in.ts";
import { createServices } from "./services.ts";

/** One node of Souk in this process. */
export interface SoukNode {
	readonly broker: ServiceBroker;
	/** Where its gateway listens, or null if it runs none. */
	readonly port: number | null;
	/** Where its metrics and probes are, or null if METRICS_PORT is not set. */
	readonly metricsPort: number | null;
	/** Drains: no new calls, those in flight end, then everything closes. */
	stop(): Promise<void>;
}

const listeningPort = (broker: ServiceBroker): number | null => {
	const gateway = broker.getLocalService("gateway") as { server?: { address(): AddressInfo | string | null } } | undefined;
	const address = gateway?.server?.address();
	return address && typeof address === "object" ? address.port : null;
};

const healthGauge = (broker: ServiceBroker): (() => void) =>
	measuredAll("health_check", async () => {
		const { checks } = await nodeHealth(broker);
		return checks.map(({ name, ok }) => ({ labels: { check: name }, value: ok ? 1 : 0 }));
	});

/** Rejects when a service cannot start; what had been started by then is stopped again. */
export const startNode = async (profile: Profile): Promise<SoukNode> => {
	await serversLetIn(profile);
	// Signals are ours: Moleculer's own handler would stop the broker once a signal, and npm sends Ctrl-C twice.
	const broker = new ServiceBroker({ ...brokerOptions(profile), skipProcessEventRegistration: true });
	const { metricsPort, host } = profile;
	const metrics = metricsPort === null ? null : await startMetricsServer(broker, metricsPort, host);
	const endGauge = healthGauge(broker);
	try {
		await createServices(broker, profile);
		await broker.start();
	} catch (error) {
		await broker.stop();
		await metrics?.close();
		endGauge();
		throw error;
	}
	const { store } = profile;
	const copies = store.kind === "embedded" ? await serveCopies(store.dataDir, (what) => broker.logger.warn(what)) : null;
	const stop = async (): Promise<void> => {
		await copies?.close();
		await broker.stop();
		// Last of all: a drain is worth watching.
		await metrics?.close();
		endGauge();
	};
	return { broker, port: listeningPort(broker), metricsPort: metrics?.port ?? null, stop };
};

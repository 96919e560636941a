import type { ServiceBroker } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { Profile } from "../../config/profile-type.ts";
import { everyUnderLease, type JobLogger } from "../lease/every-under-lease.ts";
import type { LeaseDocument } from "../lease/lease.ts";
import type { Collection } from "../store/port.ts";
import { type ConnectionRow, runOf } from "./connection-row.ts";
import { ConnectionSweep } from "./connection-sweep.ts";
import { Connections } from "./connections.ts";

/** Where a service keeps its connections. */
export interface ConnectionStore {
	/** Opened with the spec `connectionRows`. */
	connections: Collection<ConnectionRow>;
	leases: Collection<LeaseDocument>;
}

export interface ConnectionRegistry {
	readonly connections: Connections;
	/** After the last connection ended: ends the sweep, and writes what has not been written. */
	close(): Promise<void>;
}

export interface RegistryOptions {
	broker: ServiceBroker;
	logger: JobLogger;
	/** The service whose connections they are. */
	name: string;
	store: ConnectionStore;
	profile: Pick<Profile, "leaseTimeout" | "reconcileEvery">;
	/** Whether the view of the cluster can be relied on. */
	settled(): boolean;
}

interface SeenNode {
	id: string;
	instanceID: string | null;
}

/** This node and those that it sees. */
const runsIn = ({ registry }: ServiceBroker): Set<string> => {
	const nodes = registry.getNodeList({ onlyAvailable: true, withServices: false }) as unknown as SeenNode[];
	return new Set(nodes.map(({ id, instanceID }) => runOf(id, instanceID ?? "")));
};

/** The connections of this node, and under a lease the sweep of those that dead nodes left. */
export const connectionRegistry = ({ broker, logger, name, store, profile, settled }: RegistryOptions): ConnectionRegistry => {
	const { connections: rows, leases } = store;
	const now = () => clock.now();
	const sweep = new ConnectionSweep({ rows, now, alive: () => (settled() ? runsIn(broker) : null) });
	const job = everyUnderLease({
		name: `${name}.connections`,
		leases,
		timeoutMs: profile.leaseTimeout,
		everyMs: 2 * profile.reconcileEvery,
		run: (signal) => sweep.round(signal),
		logger,
	});
	const connections = new Connections({
		rows,
		node: broker.nodeID,
		run: runOf(broker.nodeID, broker.instanceID),
		now,
		report: (error) => logger.warn("Who is connected could not be written down, it is tried again:", error),
	});
	return {
		connections,
		async close() {
			await job.stop();
			await connections.close();
		},
	};
};

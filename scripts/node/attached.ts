import { hostname } from "node:os";
import { type Environment, readEnvironment } from "../../config/environment.ts";
import type { Profile } from "../../config/profile-type.ts";
import { Refusal } from "./refusal.ts";

/** Names of nodes have no other characters, and at most 100. */
const safe = (name: string): string => name.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 60);

/**
 * The settings of a node that joins a running cluster to look at it and to give it commands: it has no services, owns nothing, opens no port, and needs no
 * database. Under a name of its own, whatever NODE_ID says: two nodes with one name end each other. Throws where there is no cluster to join.
 */
export const attachedProfile = (env: Environment): Profile => {
	if (!env.TRANSPORTER?.trim())
		throw new Refusal(
			"--attach joins a running cluster, and TRANSPORTER does not say where it is. A Souk in one process has its prompt inside: npm run repl",
		);
	const settings = readEnvironment(env, "bus");
	return {
		...settings,
		services: [],
		nodeId: `repl-${safe(hostname())}-${process.pid}`,
		redisUrl: null,
		tracing: null,
		...{ socketPort: null, advertise: null, metricsPort: null },
	};
};

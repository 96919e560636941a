import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Profile } from "../../config/profile-type.ts";
import {
	findServer,
	type RunningServer,
	type ServerName,
	startMongod,
	startNats,
	startRedis,
} from "../../test/support/servers.ts";
import { Refusal } from "../node/refusal.ts";

// The servers that `npm run cluster` needs: those whose URLs are set are used, the others are started from PATH, with the same
// helpers that the suites use.

export interface Servers {
	/** TRANSPORTER, MONGO_URL and REDIS_URL for the nodes. */
	readonly env: Readonly<Record<string, string>>;
	stop(): Promise<void>;
}

interface Need {
	variable: string;
	server: ServerName;
	program: string;
	/** @param dir its own folder, which exists */
	start: (dir: string) => Promise<RunningServer>;
}

const needs: readonly Need[] = [
	{
		variable: "TRANSPORTER",
		server: "nats",
		program: "nats-server",
		start: (dir) => startNats({ own: true, jetstreamDir: dir }),
	},
	{
		variable: "MONGO_URL",
		server: "mongod",
		program: "mongod",
		start: (dir) => startMongod({ own: true, dbpath: dir }),
	},
	{ variable: "REDIS_URL", server: "redis", program: "redis-server", start: () => startRedis({ own: true }) },
];

/** Throws with every program that is neither on PATH nor replaced by a URL. */
export const startServers = async (
	{ dataDir }: Pick<Profile, "dataDir">,
	given: Readonly<Record<string, string | undefined>>,
): Promise<Servers> => {
	const wanted = needs.filter(({ variable }) => !given[variable]);
	const missing = wanted.filter(({ server }) => !findServer(server));
	if (missing.length > 0) {
		const list = missing.map(({ program, variable }) => `${program} is not on PATH (or set ${variable})`);
		throw new Refusal(`a cluster needs its servers: ${list.join("; ")}`);
	}
	const running: RunningServer[] = [];
	const stop = async (): Promise<void> => {
		await Promise.all(running.map((server) => server.kill("SIGTERM")));
	};
	const start = async ({ variable, program, start }: Need): Promise<[string, string]> => {
		const dir = join(dataDir, "cluster", program);
		await mkdir(dir, { recursive: true });
		const server = await start(dir);
		running.push(server);
		console.log(`${program} (pid ${server.pid}) serves ${server.url}`);
		return [variable, server.url];
	};
	const started = await Promise.allSettled(wanted.map(start));
	const failed = started.find((outcome) => outcome.status === "rejected");
	if (failed) {
		await stop();
		throw failed.reason;
	}
	const env = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
	return { env: Object.fromEntries(env), stop };
};

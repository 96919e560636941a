import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { connect } from "nats";
import type { HttpClient } from "./http.ts";
import { startCluster, startSouk } from "./souk.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

/** A Souk whose data can be lost. */
export interface LosableWorld {
	readonly api: HttpClient;
	/** By which a script finds its data. */
	readonly env: Readonly<Record<string, string>>;
	/** Ends all nodes, as a power failure would. */
	kill(): Promise<void>;
	start(): Promise<void>;
	/** All that lies in the store is gone, or all that JetStream has. */
	lose(what: { documents: boolean; bus: boolean }): Promise<void>;
	isEmpty(): Promise<boolean>;
	stop(): Promise<void>;
}

export const losableProcess = async (): Promise<LosableWorld> => {
	const dataDir = await tempDir("losable");
	const souk = await startSouk({ dataDir, env: { LOG_LEVEL: "warn" } });
	return {
		api: souk.api,
		env: { DATA_DIR: dataDir },
		kill: async () => void (await souk.kill("SIGKILL")),
		start: () => souk.restart(),
		lose: async ({ documents }) => {
			if (!documents) return;
			for (const name of await readdir(dataDir)) await rm(join(dataDir, name), { recursive: true });
		},
		isEmpty: async () => !(await readdir(dataDir)).includes("souk.db"),
		async stop() {
			await souk.stop();
			await removeDir(dataDir);
		},
	};
};

/** All services on one node. `needsOwn(this, "nats", "mongod", "redis")` comes before. */
export const losableCluster = async (): Promise<LosableWorld> => {
	const services = ["gateway", "auth", "orders", "payment", "chat", "notification", "email"];
	const cluster = await startCluster({ nodes: [{ services }], env: { LOG_LEVEL: "warn" } });
	const { api, env, mongod, nats } = cluster;
	const node = cluster.nodes[0]?.process;
	if (!node) throw new Error("the node is missing");
	const inDatabase = async <T>(work: (client: MongoClient) => Promise<T>): Promise<T> => {
		const client = await new MongoClient(mongod.url).connect();
		return work(client).finally(() => client.close());
	};
	const namesIn = async (client: MongoClient): Promise<string[]> =>
		(await client.db("souk").listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
	const loseBus = async (): Promise<void> => {
		const connection = await connect({ servers: nats.url });
		const jsm = await connection.jetstreamManager();
		for await (const name of jsm.streams.names()) await jsm.streams.delete(name);
		await connection.close();
	};
	return {
		api,
		env,
		kill: async () => void (await node.kill("SIGKILL")),
		start: () => node.restart(),
		async lose({ documents, bus }) {
			const drop = async (client: MongoClient): Promise<void> => {
				for (const name of await namesIn(client)) await client.db("souk").collection(name).drop();
			};
			if (documents) await inDatabase(drop);
			if (bus) await loseBus();
		},
		isEmpty: () => inDatabase(async (client) => (await namesIn(client)).length === 0),
		stop: () => cluster.stop(),
	};
};

import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { type HttpClient, httpClient } from "./http.ts";
import { answers } from "./server-process.ts";
import { launch, type RunningServer, startMongod, startRedis } from "./servers.ts";
import { testSettings } from "./settings.ts";
import { SoukProcess } from "./souk-process.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

// Souk as a cluster: real NATS, MongoDB and Redis, and each node a process of its own; all of them can be killed.

export interface NodeOptions {
	services: readonly string[];
	env?: Record<string, string>;
}

export interface ClusterNode {
	readonly services: readonly string[];
	readonly process: SoukProcess;
}

export interface NatsServer extends RunningServer {
	/** Messages that clients have published so far, by the server's own count. */
	inMessages(): Promise<number>;
}

/** Something between the nodes and MongoDB, such as a counter of commands. */
export interface MongoProxy {
	port: number;
	close(): Promise<void>;
}

export interface ClusterOptions<P extends MongoProxy = MongoProxy> {
	nodes: readonly NodeOptions[];
	/** Settings of all nodes, over those of `testSettings`. */
	env?: Record<string, string>;
	mongoProxy?: (target: { host: string; port: number }) => Promise<P>;
	/** Kept by the caller; holds JetStream's folder and the signing keys. */
	dir?: string;
}

export interface Cluster<P extends MongoProxy = MongoProxy> {
	/** Of the first node with a gateway. */
	readonly url: string;
	readonly api: HttpClient;
	readonly nats: NatsServer;
	readonly mongod: RunningServer;
	readonly redis: RunningServer;
	readonly mongoProxy: P;
	readonly nodes: readonly ClusterNode[];
	/** The settings that find this cluster's servers: for a node, a script or a broker of the test's own. */
	readonly env: Readonly<Record<string, string>>;
	/** The nodes that run the service, in the order of `nodes`. */
	withService(name: string): ClusterNode[];
	/** One more node, ready. */
	add(options: NodeOptions): Promise<ClusterNode>;
	/** Drains all nodes, then ends the servers. */
	stop(): Promise<void>;
}

const startMonitoredNats = async (dir: string): Promise<NatsServer> => {
	const monitor = await freePort();
	const server = await launch({
		name: "nats",
		own: true,
		dir,
		args: (port, folder) => ["-a", "127.0.0.1", "-p", String(port), "-m", String(monitor), "-js", "-sd", folder],
		url: (port) => `nats://127.0.0.1:${port}`,
		ready: (port) => answers(port, "", "INFO"),
	});
	const inMessages = async (): Promise<number> => {
		const answer = await fetch(`http://127.0.0.1:${monitor}/varz`);
		const { in_msgs } = (await answer.json()) as { in_msgs: number };
		return in_msgs;
	};
	// The getters of `server` (its pid changes with each life) must stay getters.
	return Object.defineProperties({ inMessages }, Object.getOwnPropertyDescriptors(server)) as NatsServer;
};

type Undo = () => Promise<unknown>;

/** What was started is ended in reverse order, whether the start came to its end or not. */
const undoAll = async (undo: Undo[]): Promise<void> => {
	for (const step of undo.reverse()) await step();
};

/** `needsOwn(this, "nats", "mongod", "redis")` comes before. */
export const startCluster = async <P extends MongoProxy = MongoProxy>(options: ClusterOptions<P>): Promise<Cluster<P>> => {
	const undo: Undo[] = [];
	try {
		return await startAll(options, undo);
	} catch (error) {
		await undoAll(undo);
		throw error;
	}
};

const startAll = async <P extends MongoProxy>(options: ClusterOptions<P>, undo: Undo[]): Promise<Cluster<P>> => {
	const dir = options.dir ?? (await tempDir("cluster"));
	if (!options.dir) undo.push(() => removeDir(dir));
	const started = <T extends RunningServer>(server: T): T => {
		undo.push(() => server.stop());
		return server;
	};
	const [nats, mongod, redis] = await Promise.all([
		startMonitoredNats(join(dir, "jetstream")).then(started),
		startMongod({ own: true }).then(started),
		startRedis({ own: true }).then(started),
	]);
	const mongoProxy = await options.mongoProxy?.({ host: "127.0.0.1", port: mongod.port });
	if (mongoProxy) undo.push(() => mongoProxy.close());
	const env = {
		...testSettings,
		DATA_DIR: join(dir, "data"),
		TRANSPORTER: nats.url,
		// Found through the replica set's own list of members, the server would be reached past the proxy.
		MONGO_URL: mongoProxy ? `mongodb://127.0.0.1:${mongoProxy.port}/?directConnection=true` : mongod.url,
		REDIS_URL: redis.url,
		...options.env,
	};
	const nodes: ClusterNode[] = [];
	undo.push(() => Promise.all(nodes.map(({ process }) => process.running && process.kill("SIGTERM"))));
	const add = async ({ services, env: own = {} }: NodeOptions): Promise<ClusterNode> => {
		const NODE_ID = `${services.join("-")}-${nodes.length}`;
		const node = { services, process: new SoukProcess({ ...env, SERVICES: services.join(","), NODE_ID, ...own }) };
		nodes.push(node);
		await node.process.start();
		return node;
	};
	await Promise.all(options.nodes.map(add));
	const withService = (name: string): ClusterNode[] => nodes.filter(({ services }) => services.includes(name));
	const gateway = (): SoukProcess => {
		const [first] = withService("gateway");
		if (!first) throw new Error("this cluster has no gateway");
		return first.process;
	};
	return {
		get url() {
			return gateway().url;
		},
		get api() {
			return httpClient(gateway().url);
		},
		nats,
		mongod,
		redis,
		mongoProxy: mongoProxy as P, // absent exactly when P was not asked for
		nodes,
		env,
		withService,
		add,
		stop: () => undoAll(undo),
	};
};

import { cp } from "node:fs/promises";
import { MongoClient } from "mongodb";
import type { StoreProfile } from "../../mixins/store/store-profile.ts";
import { StoreStreamLog } from "../../mixins/stream-log/stream-log.ts";
import { LogUncertain } from "../../realtime/log.ts";
import { Ring } from "../../realtime/ring.ts";
import { openLogStore } from "./a-stream-log.ts";
import { freePort } from "./free-port.ts";
import type { HttpClient } from "./http.ts";
import { type Cluster, type ClusterNode, startCluster, startSouk } from "./souk.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

// The three worlds in which people follow streams, with what can happen to each.

export interface LiveWorld {
	readonly api: HttpClient;
	/** URLs that take sockets: that of the gateway, and those of the nodes' own ports. */
	readonly doors: readonly string[];
	/** Ends the node that owns the stream, does `meanwhile`, and starts it again. */
	endOwner(stream: string, signal: "SIGKILL" | "SIGTERM", meanwhile?: () => Promise<void>): Promise<void>;
	/** As many entries more, as a node that has died since would have written them. */
	writeUnseen(stream: string, from: string, count: number): Promise<void>;
	/** Copies the database; the answer puts the copy in its place, while no node with streams runs. */
	copyData(): Promise<() => Promise<void>>;
	stop(): Promise<void>;
}

const writeToLog = async (profile: StoreProfile, stream: string, from: string, count: number): Promise<void> => {
	const store = await openLogStore(profile);
	try {
		const log = new StoreStreamLog(store.entries);
		const last = (await log.tail(stream)) + count;
		for (let tail = last - count; tail < last; tail = await log.tail(stream)) {
			const at = new Date().toISOString();
			const drafts = Array.from({ length: Math.min(500, last - tail) }, (_, index) => {
				const seq = tail + 1 + index;
				return { stream, seq, id: `unseen-${seq}`, type: "message.posted", from, body: { text: `${seq}` }, at, events: [] };
			});
			await log.append(drafts).catch((error: unknown) => {
				if (!(error instanceof LogUncertain)) throw error; // a small server was slow: the tail says how far it came
			});
		}
	} finally {
		await store.close();
	}
};

export const embeddedWorld = async (): Promise<LiveWorld> => {
	const souk = await startSouk();
	const copies: string[] = [];
	const away = async (signal: NodeJS.Signals, meanwhile?: () => Promise<unknown>): Promise<void> => {
		await souk.kill(signal);
		await meanwhile?.();
		await souk.restart();
	};
	return {
		get api() {
			return souk.api;
		},
		get doors() {
			return [souk.url];
		},
		endOwner: (_stream, signal, meanwhile) => away(signal, meanwhile),
		writeUnseen: (stream, from, count) =>
			away("SIGKILL", () => writeToLog({ kind: "embedded", dataDir: souk.dataDir }, stream, from, count)),
		async copyData() {
			const copy = await tempDir("copy");
			copies.push(copy);
			await away("SIGKILL", () => cp(souk.dataDir, copy, { recursive: true }));
			return () =>
				away("SIGKILL", async () => {
					await removeDir(souk.dataDir);
					await cp(copy, souk.dataDir, { recursive: true });
				});
		},
		async stop() {
			await souk.stop();
			await Promise.all(copies.map(removeDir));
		},
	};
};

export interface ChatNode {
	readonly node: ClusterNode;
	/** Of its own sockets. */
	readonly address: string;
}

export interface ClusterWorld extends LiveWorld {
	readonly cluster: Cluster;
	readonly chat: readonly ChatNode[];
	ownerOf(stream: string): ChatNode;
}

/** One more node with chat on it, whose sockets have a port that is known. */
export const addChat = async (cluster: Cluster, services: readonly string[], env = {}): Promise<ChatNode> => {
	const port = await freePort();
	const node = await cluster.add({ services, env: { SOCKET_PORT: String(port), ...env } });
	return { node, address: `127.0.0.1:${port}` };
};

const copyOf = async (url: string): Promise<() => Promise<void>> => {
	const client = await new MongoClient(url).connect();
	const db = client.db("souk");
	const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
	const copies = await Promise.all(names.map(async (name) => ({ name, documents: await db.collection(name).find().toArray() })));
	await client.close();
	return async () => {
		const again = await new MongoClient(url).connect();
		for (const { name, documents } of copies) {
			const collection = again.db("souk").collection(name);
			await collection.deleteMany({});
			if (documents.length > 0) await collection.insertMany(documents);
		}
		await again.close();
	};
};

/** What can be done to a cluster whose chat is on these nodes. */
export const clusterWorld = (cluster: Cluster, chat: readonly ChatNode[]): ClusterWorld => {
	const ring = Ring.empty.withMembers(chat.map(({ address }) => address));
	const ownerOf = (stream: string): ChatNode => {
		const owner = chat.find(({ address }) => address === ring.owner(stream));
		if (!owner) throw new Error(`nobody owns ${stream}`);
		return owner;
	};
	const away = async (nodes: readonly ChatNode[], signal: NodeJS.Signals, meanwhile?: () => Promise<unknown>): Promise<void> => {
		await Promise.all(nodes.map(({ node }) => node.process.kill(signal)));
		await meanwhile?.();
		await Promise.all(nodes.map(({ node }) => node.process.restart()));
	};
	return {
		cluster,
		chat,
		ownerOf,
		get api() {
			return cluster.api;
		},
		get doors() {
			return [cluster.url, ...chat.map(({ address }) => `http://${address}`)];
		},
		endOwner: (stream, signal, meanwhile) => away([ownerOf(stream)], signal, meanwhile),
		// The owner lives: to it, somebody else has written.
		writeUnseen: (stream, from, count) => writeToLog({ kind: "mongo", url: cluster.mongod.url }, stream, from, count),
		async copyData() {
			const put = await copyOf(cluster.mongod.url);
			return () => away(chat, "SIGKILL", put);
		},
		stop: () => cluster.stop(),
	};
};

const others = ["gateway", "auth", "orders", "payment", "email"] as const;
const withStreams = ["chat", "notification"] as const;

type Start = Promise<ChatNode | ClusterNode>;

/** All nodes of `add` are started together; what was started is ended if one of them does not start. */
const worldOf = async (add: (cluster: Cluster) => Start[] | Promise<Start[]>): Promise<ClusterWorld> => {
	const cluster = await startCluster({ nodes: [] });
	const added = await Promise.allSettled(await add(cluster));
	const failed = added.find((result) => result.status === "rejected");
	if (failed) {
		await cluster.stop();
		throw failed.reason;
	}
	const nodes = added.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
	return clusterWorld(
		cluster,
		nodes.filter((node) => "address" in node),
	);
};

/** Everything on one node. */
export const oneNodeWorld = (): Promise<ClusterWorld> => worldOf((cluster) => [addChat(cluster, [...others, ...withStreams])]);

/** Chat and inboxes on three nodes, behind a gateway on a fourth. `envs`: what each of the three is told besides. */
export const threeNodesWorld = (
	envs: (cluster: Cluster) => Promise<Record<string, string>[]> = async () => [{}, {}, {}],
): Promise<ClusterWorld> =>
	worldOf(async (cluster) => {
		const three = await envs(cluster);
		return [cluster.add({ services: others }), ...three.map((env) => addChat(cluster, withStreams, env))];
	});

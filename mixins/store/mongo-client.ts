import { AsyncLocalStorage } from "node:async_hooks";
import { MongoClient, type MongoClientOptions } from "mongodb";

// One MongoClient, so one pool and one monitor of the servers, for each URL in this process.

/** ms. A URL may say otherwise (`?serverSelectionTimeoutMS=…`). */
const timeouts = {
	serverSelectionTimeoutMS: 4_000,
	connectTimeoutMS: 4_000,
	// Without it a connection that a firewall forgot would hold its request for ever.
	socketTimeoutMS: 10_000,
	waitQueueTimeoutMS: 5_000,
} as const;

const writeTimeout = 5_000;

/** Not for a URL to weaken: P1 (acked means durable) and what a repeat or a follower is told rest on these. */
const promises = {
	writeConcern: { w: "majority", journal: true, wtimeoutMS: writeTimeout },
	readPreference: "primary",
	readConcern: { level: "majority" },
	retryWrites: true,
	retryReads: true,
	// As JSON and the embedded store have it: what is undefined is not there.
	ignoreUndefined: true,
	// For `trackSent` below, and for whoever counts commands.
	monitorCommands: true,
	appName: "souk",
} as const satisfies MongoClientOptions;

/** What a URL may say of concerns would win over the options: it is taken out. */
const notForUrls = /^(w|j|journal|wtimeout(ms)?|readconcernlevel|readpreference(tags)?|maxstalenessseconds|retry(reads|writes))$/;

/** The URL without what it must not decide, and those of our time-outs that it leaves to us. Several hosts are no URL to `URL`. */
const connection = (url: string): [string, MongoClientOptions] => {
	const [address, query = ""] = url.split("?", 2);
	const said = [...new URLSearchParams(query)].filter(([name]) => !notForUrls.test(name.toLowerCase()));
	const names = new Set(said.map(([name]) => name.toLowerCase()));
	const defaults = Object.fromEntries(Object.entries(timeouts).filter(([name]) => !names.has(name.toLowerCase())));
	return [said.length > 0 ? `${address}?${new URLSearchParams(said)}` : `${address}`, defaults];
};

interface SentMark {
	/** Commands that were handed to a connection. */
	sent: number;
}

const current = new AsyncLocalStorage<SentMark>();

/**
 * Runs a write and tells, if it fails, how many commands had left for a server. The driver does not: when the retry of a write
 * finds no server, what comes out is the error of a server selection, although the first try may have been carried out.
 */
export const trackSent = async <T>(work: () => Promise<T>, failed: (error: unknown, sent: number) => unknown): Promise<T> => {
	const mark: SentMark = { sent: 0 };
	try {
		return await current.run(mark, work);
	} catch (error) {
		throw failed(error, mark.sent);
	}
};

interface Held {
	client: MongoClient;
	users: number;
}

const clients = new Map<string, Held>();

const create = (url: string): MongoClient => {
	const [address, defaults] = connection(url);
	const client = new MongoClient(address, { ...defaults, ...promises });
	client.on("commandStarted", () => {
		const mark = current.getStore();
		if (mark) mark.sent += 1;
	});
	return client;
};

/** The process's client for this URL; it connects with its first command. Each `acquire` needs its `release`. */
export const acquireClient = (url: string): MongoClient => {
	const held = clients.get(url) ?? { client: create(url), users: 0 };
	held.users += 1;
	clients.set(url, held);
	return held.client;
};

export const releaseClient = async (client: MongoClient): Promise<void> => {
	for (const [url, held] of clients) {
		if (held.client !== client) continue;
		held.users -= 1;
		if (held.users > 0) return;
		clients.delete(url);
		await client.close();
	}
};

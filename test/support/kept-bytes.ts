import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import { connect } from "nats";

// Everything that is kept somewhere, as text in which words can be looked for. By where it was found.

export type Kept = Map<string, string>;

/** Bytes as they are on the disk: free pages of a database and logs too. A file may go while we look. */
export const filesIn = async (folder: string): Promise<Kept> => {
	const found: Kept = new Map();
	const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
	for (const entry of entries) {
		if (!entry.isFile()) continue;
		const path = join(entry.parentPath, entry.name);
		const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
			if (error.code === "ENOENT") return Buffer.alloc(0);
			throw error;
		});
		found.set(path, bytes.toString("utf8"));
	}
	return found;
};

export const documentsIn = async (url: string): Promise<Kept> => {
	const client = new MongoClient(url);
	try {
		const found: Kept = new Map();
		const { databases } = await client.db("admin").command({ listDatabases: 1 });
		for (const { name } of databases as { name: string }[]) {
			if (["admin", "local", "config"].includes(name)) continue;
			for (const { name: collection } of await client.db(name).listCollections().toArray()) {
				for (const document of await client.db(name).collection(collection).find().toArray())
					found.set(`${name}.${collection}/${document._id}`, JSON.stringify(document));
			}
		}
		return found;
	} finally {
		await client.close();
	}
};

export const messagesIn = async (url: string): Promise<Kept> => {
	const connection = await connect({ servers: url.replace("nats://", "") });
	try {
		const found: Kept = new Map();
		const jsm = await connection.jetstreamManager();
		for await (const { config, state } of jsm.streams.list()) {
			for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
				const message = await jsm.streams.getMessage(config.name, { seq }).catch(() => null); // deleted ones are none
				if (message) found.set(`${config.name}/${seq} ${message.subject}`, message.string());
			}
		}
		return found;
	} finally {
		await connection.close();
	}
};

/** Keys whose end is a day away at most are gone within a day by themselves: the server's clock is not the test's. */
export const lastingKeysIn = async (url: string, longest: number): Promise<Kept> => {
	const redis = new Redis(url);
	try {
		const found: Kept = new Map();
		for (const key of await redis.keys("*")) {
			const left = await redis.pttl(key);
			if (left >= 0 && left <= longest) continue;
			found.set(`redis ${key}`, (await redis.type(key)) === "string" ? `${key} ${await redis.get(key)}` : key);
		}
		return found;
	} finally {
		redis.disconnect();
	}
};

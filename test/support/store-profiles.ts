import { randomUUID } from "node:crypto";
import { MongoClient } from "mongodb";
import type { StoreProfile } from "../../mixins/store/store-profile.ts";
import { needs, type RunningServer, startMongod } from "./servers.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

// Both stores, for suites that say the same of each: `for (const kind of storeKinds) describe(… , () => { const place = storePlace(kind); …`

export const storeKinds = ["embedded", "mongo"] as const;
export type StoreKind = (typeof storeKinds)[number];

export interface StorePlace {
	/** Set from `before` on. Always the same empty-at-first place. */
	readonly profile: StoreProfile;
	/** MongoDB's server, of the mongo kind. */
	readonly server: RunningServer;
}

/** Registers the hooks that prepare a place for a store and remove it again; skips the suite where MongoDB is not to be had. */
export const storePlace = (kind: StoreKind): StorePlace => {
	let profile: StoreProfile | undefined;
	let server: RunningServer | undefined;
	before(async function () {
		this.timeout(90_000);
		if (kind === "embedded") {
			profile = { kind, dataDir: await tempDir("store") };
			return;
		}
		needs(this, "mongod");
		server = await startMongod();
		profile = { kind, url: server.url, dbName: `souk_test_${randomUUID().slice(0, 8)}` };
	});
	after(async () => {
		if (profile?.kind === "embedded") await removeDir(profile.dataDir);
		if (profile?.kind === "mongo") await dropDatabase(profile.url, profile.dbName);
		await server?.stop();
	});
	return {
		get profile() {
			if (!profile) throw new Error("the place is not prepared yet");
			return profile;
		},
		get server() {
			if (!server) throw new Error("there is no server of its own");
			return server;
		},
	};
};

const dropDatabase = async (url: string, dbName: string | undefined): Promise<void> => {
	const client = new MongoClient(url);
	try {
		await client.db(dbName).dropDatabase();
	} finally {
		await client.close();
	}
};

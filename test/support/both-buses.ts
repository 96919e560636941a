import { newId } from "../../contracts/ids.ts";
import type { BusSettings } from "../../mixins/durable-events/settings.ts";
import type { StoreProfile } from "../../mixins/store/store-profile.ts";
import { needs, type RunningServer, startMongod, startNats } from "./servers.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

/** Where the nodes of one test live: a store and a bus that no other test shares. JSON, so that child processes can be told. */
export interface World {
	profile: StoreProfile;
	settings: BusSettings;
}

/** Short times, so that what depends on them happens soon; no test asserts on them. */
export const quickSettings = {
	ackWait: 1_000,
	leaseTimeout: 400,
	outboxSweepEvery: 100,
	outboxKeep: 600_000,
	groups: {},
} as const;

const outboxGrace = 200;

export const embeddedWorld = (dataDir: string): World => ({
	profile: { kind: "embedded", dataDir, outboxGrace },
	settings: { ...quickSettings, transporter: null, keyPrefix: "souk" },
});

/** A database and streams of its own on these servers. */
export const clusterWorld = (natsUrl: string, mongoUrl: string): World => {
	const name = `t${newId().slice(0, 12)}`;
	return {
		profile: { kind: "mongo", url: mongoUrl, dbName: name, outboxGrace },
		settings: { ...quickSettings, transporter: natsUrl, keyPrefix: name },
	};
};

export type NewWorld = () => Promise<World>;

/** One suite over both buses. */
export const bothBuses = (title: string, suite: (newWorld: NewWorld, kind: "embedded" | "cluster") => void): void => {
	describe(`${title}, in process`, () => {
		const folders: string[] = [];
		after(() => Promise.all(folders.map(removeDir)));
		suite(async () => {
			const folder = await tempDir("events");
			folders.push(folder);
			return embeddedWorld(folder);
		}, "embedded");
	});

	describe(`${title}, over JetStream`, () => {
		let nats: RunningServer | undefined;
		let mongod: RunningServer | undefined;
		before(async function () {
			this.timeout(90_000);
			needs(this, "nats", "mongod");
			[nats, mongod] = await Promise.all([startNats(), startMongod()]);
		});
		after(() => Promise.all([nats?.stop(), mongod?.stop()]));
		suite(async () => clusterWorld(nats?.url ?? "", mongod?.url ?? ""), "cluster");
	});
};

import { resolve } from "node:path";
import { profile } from "../config/profile.ts";
import type { Profile } from "../config/profile-type.ts";
import { serviceNames } from "../config/variables.ts";
import type { Manifest } from "./backup/format.ts";
import { putBack, putFilesBack, refuseIfSomethingWaits } from "./backup/put-back.ts";
import { checkedManifest } from "./backup/read.ts";
import type { Renewal } from "./backup/renew.ts";
import type { Target } from "./backup/target.ts";
import { commandLine, UsageError } from "./node/command-line.ts";
import { readEnvFile } from "./node/env-file.ts";
import { Refusal, refuseTo } from "./node/refusal.ts";

// npm run restore -- <folder>: puts a backup in the place of all documents, while no node runs.

const usage = `npm run restore -- [--check | --replace] [--skip-codes n] <folder>

Puts a backup of npm run backup where the settings say: under DATA_DIR, or into MONGO_URL. All nodes must be stopped.

  --check        reads the backup and says whether it is whole; touches nothing
  --replace      also where there are documents; they are gone then
  --skip-codes   how many order codes are left out, so that none that was given out after the backup is given out again; 1000

Everything is checked before anything is touched. If it does not end with exit code 0, start no node: run it again with --replace.`;

const asked = commandLine(
	usage,
	{
		allowPositionals: true,
		options: {
			check: { type: "boolean", default: false },
			replace: { type: "boolean", default: false },
			"skip-codes": { type: "string", default: "1000" },
		},
	} as const,
	({ values, positionals: [folder, ...more] }) => {
		if (!folder || more.length > 0) throw new UsageError("Which backup? One folder, please");
		if (values.check && values.replace) throw new UsageError("--check touches nothing, and --replace does: one of them, please");
		if (!/^\d{1,7}$/.test(values["skip-codes"])) throw new UsageError("--skip-codes takes a whole number up to 9999999");
		return { folder: resolve(folder), check: values.check, replace: values.replace, skipCodes: Number(values["skip-codes"]) };
	},
);

const targetOf = async ({ store, leaseTimeout }: Profile): Promise<Target> => {
	// Each is loaded where it is needed alone: a refusal should not take as long as a start.
	if (store.kind === "embedded") return (await import("./backup/embedded-target.ts")).embeddedTarget(store.dataDir);
	const { mongoTarget } = await import("./backup/mongo-target.ts");
	return mongoTarget(store.url, leaseTimeout);
};

/** Whatever could refuse later is asked first. */
const refuseEarly = async (target: Target, manifest: Manifest, settings: Profile): Promise<void> => {
	const { transporter, keyPrefix, redisUrl } = settings;
	const present = await target.countPresent();
	if (present > 0 && !asked.replace) {
		throw new Refusal(`there are ${present.toLocaleString("en")} documents already: --replace puts the backup in their place`);
	}
	await target.refuseIfInUse();
	if (transporter) {
		if (manifest.store === "embedded") await refuseIfSomethingWaits(asked.folder, manifest);
		const { hasForeignEvents } = await import("./backup/bus.ts");
		if ((await hasForeignEvents(transporter, keyPrefix, manifest.bus)) && !asked.replace) {
			throw new Refusal("JetStream has events of another history: --replace removes them");
		}
	}
	if (redisUrl) await (await import("./backup/redis.ts")).checkRedis(redisUrl);
};

const putAllBack = async (target: Target, manifest: Manifest, settings: Profile): Promise<number> => {
	const renewal: Renewal = { now: Date.now(), withBus: settings.transporter !== null, skipCodes: asked.skipCodes };
	const backend = await target.begin();
	let sum = 0;
	try {
		for (const kept of manifest.collections) {
			const documents = await putBack(backend, asked.folder, kept, renewal);
			console.log(`  ${kept.name.padEnd(24)} ${documents.toLocaleString("en").padStart(12)} documents`);
			sum += documents;
		}
	} finally {
		await backend.close();
	}
	return sum;
};

/** What the documents are kept beside: signing keys, the bus, the cache. */
const putRestBack = async (manifest: Manifest, settings: Profile): Promise<void> => {
	const { dataDir, transporter, keyPrefix, redisUrl } = settings;
	await putFilesBack(asked.folder, manifest, dataDir);
	if (transporter) {
		const { rewindBus } = await import("./backup/bus.ts");
		console.log(await rewindBus(transporter, keyPrefix, manifest.bus));
	}
	if (redisUrl) {
		const { forgetInRedis } = await import("./backup/redis.ts");
		console.log(`Redis has forgotten ${await forgetInRedis(redisUrl, keyPrefix)} keys`);
	}
};

const makeIndexes = async (settings: Profile): Promise<void> => {
	const { openServiceStores } = await import("./migrate/service-stores.ts");
	const { services, close } = await openServiceStores(settings, serviceNames);
	try {
		for (const { stores } of services) for (const store of stores) await store.ensureIndexes();
	} finally {
		await close();
	}
};

const main = async (): Promise<void> => {
	readEnvFile();
	const manifest = await checkedManifest(asked.folder);
	const when = `${asked.folder} is whole: made from ${manifest.startedAt} to ${manifest.endedAt}`;
	console.log(when);
	if (asked.check) return;
	const settings = profile();
	const target = await targetOf(settings);
	try {
		await refuseEarly(target, manifest, settings);
		const documents = await putAllBack(target, manifest, settings);
		await putRestBack(manifest, settings);
		await target.finish();
		await makeIndexes(settings);
		console.log(`${documents.toLocaleString("en")} documents are back. Everybody has to log in again. Now start the nodes.`);
	} finally {
		await target.close();
	}
};

main().then(() => process.exit(), refuseTo("Nothing was restored, or not all of it"));

import { profile } from "../config/profile.ts";
import { serviceNames } from "../config/variables.ts";
import type { LeaseDocument } from "../mixins/lease/lease.ts";
import { openStore } from "../mixins/store/store.ts";
import { type DataVersion, doneSteps, stepDown, stepsIn, stepUp } from "./migrate/data-steps.ts";
import { openServiceStores, type ServiceStores } from "./migrate/service-stores.ts";
import { underLease } from "./migrate/under-lease.ts";
import { commandLine, UsageError } from "./node/command-line.ts";
import { readEnvFile } from "./node/env-file.ts";
import { refuse } from "./node/refusal.ts";
import { servicesOf } from "./node/services.ts";

// npm run migrate -- status [service …]   what is there and what is missing; exit code 1 if something is
// npm run migrate -- up [service …]       makes missing indexes, then runs the data steps that were not run yet
// npm run migrate -- down [service …]     takes back the last data step of each; with none left, drops the indexes

interface Services {
	versions: Parameters<typeof doneSteps>[0];
	services: readonly ServiceStores[];
}

const stepsOf = (service: string) => stepsIn(new URL(`../services/${service}/migrations/`, import.meta.url));

/** Answers whether nothing is missing. */
const status = async ({ services, versions }: Services): Promise<boolean> => {
	let complete = true;
	for (const { service, stores } of services) {
		const steps = await stepsOf(service);
		const done = await doneSteps(versions, service);
		const pending = steps.filter(({ name }) => !done.includes(name)).map(({ name }) => name);
		const missing = (await Promise.all(stores.map((store) => store.missingIndexes()))).flat();
		const collections = stores.flatMap((store) => store.collectionNames).join(", ");
		console.log(`${service} (${collections})`);
		console.log(`  indexes: ${missing.length === 0 ? "complete" : `missing ${missing.join(", ")}`}`);
		console.log(
			`  data: ${steps.length - pending.length} of ${steps.length} steps${pending.length ? `, pending ${pending.join(", ")}` : ""}`,
		);
		complete &&= missing.length === 0 && pending.length === 0;
	}
	return complete;
};

const up = async ({ services, versions }: Services, signal: AbortSignal): Promise<void> => {
	for (const { service, stores } of services) {
		for (const store of stores) {
			signal.throwIfAborted();
			const missing = await store.missingIndexes();
			await store.ensureIndexes();
			for (const index of missing) console.log(`made index ${index}`);
			const ran = await stepUp({ service, store, versions, signal }, await stepsOf(service));
			for (const step of ran) console.log(`${service}: ran ${step}`);
		}
	}
};

const down = async ({ services, versions }: Services, signal: AbortSignal): Promise<void> => {
	for (const { service, stores } of services) {
		for (const store of stores) {
			const undone = await stepDown({ service, store, versions, signal }, await stepsOf(service));
			if (undone) console.log(`${service}: took back ${undone}`);
			else {
				signal.throwIfAborted();
				await store.dropIndexes();
				console.log(`${service}: dropped the indexes of ${store.collectionNames.join(", ")}`);
			}
		}
	}
};

const usage = `npm run migrate -- up|down|status [service …]

  up       makes the indexes that are missing and brings the data to this version
  down     drops the indexes
  status   shows what is missing; exit code 1 if anything is
  service  one or more of ${serviceNames.join(", ")}; without it all`;

const readArguments = (): { command: string; names: readonly string[] } =>
	commandLine(usage, { allowPositionals: true }, ({ positionals: [command = "", ...names] }) => {
		if (!["up", "down", "status"].includes(command)) throw new UsageError("What is to be done: up, down or status?");
		const unknown = names.filter((name) => !serviceNames.some((known) => known === name));
		if (unknown.length > 0) throw new UsageError(`There is no service ${unknown.join(", ")}`);
		return { command, names };
	});

const main = async (): Promise<void> => {
	const { command, names } = readArguments();
	readEnvFile();
	const settings = profile();
	const own = await openStore<{ leases: LeaseDocument; migrations: DataVersion }>({
		collections: { leases: {}, migrations: {} },
		profile: { ...settings.store, autoMigrate: false },
	});
	const { services, close } = await openServiceStores(settings, names.length > 0 ? names : servicesOf(settings));
	const all = { services, versions: own.migrations };
	try {
		if (command === "status") process.exitCode = (await status(all)) ? 0 : 1;
		else await underLease(own.leases, settings.leaseTimeout, (signal) => (command === "up" ? up : down)(all, signal));
	} finally {
		await close();
		await own.close();
	}
};

// Services that were created but never started may hold timers of their own.
main().then(() => process.exit(), refuse);

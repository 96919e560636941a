import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { profile } from "../config/profile.ts";
import type { Profile } from "../config/profile-type.ts";
import { embeddedSource } from "./backup/embedded-source.ts";
import type { Source } from "./backup/source.ts";
import { writeBackup } from "./backup/write.ts";
import { commandLine, UsageError } from "./node/command-line.ts";
import { readEnvFile } from "./node/env-file.ts";
import { Refusal, refuseTo } from "./node/refusal.ts";

// npm run backup -- <folder>: all documents, while Souk runs or not. docs/operations.md says when to use it and when MongoDB's own tools.

const usage = `npm run backup -- <folder>

Writes a backup of the documents into a folder that is not there yet, while Souk runs or not. Signing keys and personal data are in it.

  embedded   the database under DATA_DIR as it is at one moment, the signing keys, and mails that are files
  cluster    the database of MONGO_URL, collection by collection, and where JetStream was (TRANSPORTER)

Check it with npm run restore -- --check <folder>.`;

const target = commandLine(usage, { allowPositionals: true }, ({ positionals: [folder, ...more] }) => {
	if (!folder) throw new UsageError("Where to?");
	if (more.length > 0) throw new UsageError("One folder, please");
	return resolve(folder);
});

const sourceOf = async ({ store, dataDir, transporter, keyPrefix }: Profile): Promise<Source> => {
	if (store.kind === "embedded") return embeddedSource(dataDir, dirname(target));
	// The driver is loaded where it is needed alone.
	const { mongoSource } = await import("./backup/mongo-source.ts");
	return mongoSource({ url: store.url, transporter, keyPrefix });
};

/** A cause read this long after its effects may have had an event that is in neither. */
const sayIfSlow = ({ store, outboxKeep }: Profile, tookMs: number): void => {
	if (store.kind === "embedded" || tookMs < outboxKeep) return;
	console.warn(
		`This took longer than OUTBOX_KEEP_MS (${outboxKeep / 1_000} s): events from between may have left their documents before those were read. ` +
			"Use mongodump --oplog or a snapshot, as docs/operations.md says, or a larger OUTBOX_KEEP_MS.",
	);
	process.exitCode = 2;
};

const main = async (): Promise<void> => {
	readEnvFile();
	const settings = profile();
	if (existsSync(target)) throw new Refusal(`${target} is there already`);
	await mkdir(dirname(target), { recursive: true });
	const startedAt = new Date();
	const source = await sourceOf(settings);
	try {
		const { collections } = await writeBackup({
			source,
			dataDir: settings.dataDir,
			to: target,
			startedAt: startedAt.toISOString(),
			tell: console.log,
		});
		const tookMs = Date.now() - startedAt.getTime();
		const documents = collections.reduce((sum, kept) => sum + kept.documents, 0);
		console.log(`${target}: ${documents.toLocaleString("en")} documents in ${(tookMs / 1_000).toFixed(1)} s`);
		sayIfSlow(settings, tookMs);
	} finally {
		await source.close();
	}
};

main().then(() => process.exit(), refuseTo("No backup was made"));

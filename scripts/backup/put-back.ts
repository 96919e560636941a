import { copyFile, mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BSON } from "mongodb";
import type { Backend } from "../../mixins/store/backend.ts";
import type { Document } from "../../mixins/store/port.ts";
import { Refusal } from "../node/refusal.ts";
import type { KeptCollection, Manifest } from "./format.ts";
import { linesOf } from "./read.ts";
import { type Renewal, renewed, waitsInProcess } from "./renew.ts";

const batchSize = 500;

const parse = (line: string): Document => BSON.EJSON.parse(line, { relaxed: true });

async function* batchesOf(folder: string, kept: KeptCollection, renewal: Renewal): AsyncGenerator<Document[]> {
	let batch: Document[] = [];
	for await (const line of linesOf(folder, kept)) {
		const document = renewed(kept.name, parse(line), renewal);
		if (document) batch.push(document);
		if (batch.length < batchSize) continue;
		yield batch;
		batch = [];
	}
	if (batch.length > 0) yield batch;
}

/** Answers how many documents stand there now. Throws if that is not what was written. */
export const putBack = async (backend: Backend, folder: string, kept: KeptCollection, renewal: Renewal): Promise<number> => {
	const collection = backend.collection<Document>(kept.name, {});
	let written = 0;
	for await (const batch of batchesOf(folder, kept, renewal)) {
		await collection.createMany(batch);
		written += batch.length;
	}
	const stand = await collection.count();
	if (stand !== written) throw new Error(`${kept.name} has ${stand} documents and should have ${written}`);
	return stand;
};

/** A cluster looks for what waits, and for dead letters, on its bus: in its database nobody would ever find them. */
export const refuseIfSomethingWaits = async (folder: string, { collections }: Manifest): Promise<void> => {
	for (const kept of collections) {
		if (!kept.name.endsWith("_inbox")) continue;
		for await (const line of linesOf(folder, kept)) {
			if (waitsInProcess(kept.name, parse(line))) {
				throw new Refusal(
					"the backup is of a single process that has dead letters, or events that wait for another try: a cluster would not find them. " +
						"Retry or drop them there, and back up again",
				);
			}
		}
	}
};

/** Each by itself in one step: a key that is half written would stop the start. */
export const putFilesBack = async (folder: string, { files }: Manifest, dataDir: string): Promise<void> => {
	for (const { path } of files) {
		const to = join(dataDir, path);
		await mkdir(dirname(to), { recursive: true });
		await copyFile(join(folder, "files", path), `${to}.part`);
		await rename(`${to}.part`, to);
	}
};

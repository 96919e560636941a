import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type KeptCollection, type KeptFile, type Manifest, manifestName, manifestText } from "./format.ts";
import { inReadingOrder, isKept } from "./order.ts";
import type { Source } from "./source.ts";

/** Keys and people's data are in it. */
const onlyOurs = 0o600;

/** Counts and hashes what goes through. */
const meter = () => {
	const hash = createHash("sha256");
	let bytes = 0;
	const through = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			hash.update(chunk);
			bytes += chunk.length;
			done(null, chunk);
		},
	});
	return { through, read: () => ({ bytes, sha256: hash.digest("hex") }) };
};

const toDisk = (path: string) => createWriteStream(path, { mode: onlyOurs, flush: true });

const writeCollection = async (source: Source, folder: string, name: string): Promise<KeptCollection> => {
	const path = join("collections", `${name}.ndjson.gz`);
	const { through, read } = meter();
	let documents = 0;
	const lines = async function* (): AsyncGenerator<string> {
		for await (const line of source.lines(name)) {
			documents += 1;
			yield `${line}\n`;
		}
	};
	await pipeline(lines, createGzip({ level: 4 }), through, toDisk(join(folder, path)));
	return { name, documents, path, ...read() };
};

const writeFileOf = async (dataDir: string, folder: string, file: string): Promise<KeptFile> => {
	const path = join("files", file);
	await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
	const { through, read } = meter();
	await pipeline(createReadStream(join(dataDir, file)), through, toDisk(join(folder, path)));
	return { path: file, ...read() };
};

const syncFolder = async (path: string): Promise<void> => {
	const folder = await open(path);
	await folder.sync();
	await folder.close();
};

export interface WriteOptions {
	source: Source;
	dataDir: string;
	/** A folder that is not there yet. */
	to: string;
	/** ISO 8601: from before the source was opened. */
	startedAt: string;
	tell: (what: string) => void;
}

/** Writes a backup beside its place and moves it there when it is whole: a folder with a manifest is a backup, nothing else is. */
export const writeBackup = async ({ source, dataDir, to, startedAt, tell }: WriteOptions): Promise<Manifest> => {
	const folder = `${to}.part`;
	await rm(folder, { recursive: true, force: true });
	await mkdir(join(folder, "collections"), { recursive: true, mode: 0o700 });
	const collections: KeptCollection[] = [];
	for (const name of inReadingOrder((await source.collections()).filter(isKept))) {
		const kept = await writeCollection(source, folder, name);
		collections.push(kept);
		tell(`  ${name.padEnd(24)} ${kept.documents.toLocaleString("en").padStart(12)} documents`);
	}
	const files: KeptFile[] = [];
	for (const file of await source.files()) files.push(await writeFileOf(dataDir, folder, file));
	const { store, bus } = source;
	const endedAt = new Date().toISOString();
	const manifest: Manifest = { format: "souk-backup", version: 1, store, startedAt, endedAt, bus, collections, files };
	await writeFile(join(folder, manifestName), manifestText(manifest), { mode: onlyOurs, flush: true });
	await syncFolder(folder);
	await rename(folder, to);
	await syncFolder(dirname(to));
	return manifest;
};

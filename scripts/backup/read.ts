import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Refusal } from "../node/refusal.ts";
import { type KeptCollection, type KeptFile, type Manifest, readManifest } from "./format.ts";

const sha256Of = async (path: string): Promise<string> => {
	const hash = createHash("sha256");
	await pipeline(createReadStream(path), hash);
	return hash.digest("hex");
};

const checkFile = async (folder: string, { path, sha256 }: KeptFile): Promise<void> => {
	const full = join(folder, path);
	const found = await sha256Of(full).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") throw new Refusal(`${full} is missing`);
		throw error;
	});
	if (found !== sha256) throw new Refusal(`${full} is not as it was written`);
};

/** The documents of a collection, a line each. */
export async function* linesOf(folder: string, { path }: KeptCollection): AsyncGenerator<string> {
	const file = createReadStream(join(folder, path));
	const lines = createInterface({ input: file.pipe(createGunzip()), crlfDelay: Number.POSITIVE_INFINITY });
	yield* lines;
}

/** Reads all of a backup once: every file is there and as it was written. Throws a `Refusal` otherwise. */
export const checkedManifest = async (folder: string): Promise<Manifest> => {
	const manifest = await readManifest(folder);
	for (const file of manifest.collections) await checkFile(folder, file);
	for (const { path, ...file } of manifest.files) await checkFile(folder, { path: join("files", path), ...file });
	return manifest;
};

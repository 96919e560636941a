import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { Refusal } from "../node/refusal.ts";

// What lies in the folder of a backup: manifest.json, collections/<name>.ndjson.gz (a document a line, as relaxed Extended JSON), and
// files/<path under DATA_DIR>. docs/decisions/0034-backup.md says why.

export const manifestName = "manifest.json";

const kept = { path: Type.String(), bytes: Type.Integer(), sha256: Type.String() };

const Manifest = Type.Object({
	format: Type.Literal("souk-backup"),
	version: Type.Literal(1),
	/** Where the documents were. */
	store: Type.Union([Type.Literal("embedded"), Type.Literal("mongo")]),
	/** ISO 8601. What was acknowledged before `startedAt` is in it; what came after `endedAt` is not. */
	startedAt: Type.String(),
	endedAt: Type.String(),
	/** Where JetStream was at `startedAt`; null where events stay in the process. */
	bus: Type.Union([
		Type.Null(),
		Type.Object({
			/** A stream that was made anew is another one. */
			stream: Type.String(),
			lastSeq: Type.Integer(),
			/** Of each consumer group: up to where it has handled everything. */
			handled: Type.Record(Type.String(), Type.Integer()),
		}),
	]),
	collections: Type.Array(Type.Object({ ...kept, name: Type.String(), documents: Type.Integer() })),
	files: Type.Array(Type.Object(kept)),
});

export type Manifest = Type.Static<typeof Manifest>;
export type BusPlace = NonNullable<Manifest["bus"]>;
export type KeptCollection = Manifest["collections"][number];
export type KeptFile = Manifest["files"][number];

const checksum = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The manifest as it is written: its own checksum is its last line. */
export const manifestText = (manifest: Manifest): string => {
	const text = `${JSON.stringify(manifest, null, "\t")}\n`;
	return `${text}${checksum(text)}\n`;
};

/** Throws a `Refusal` that says what is wrong with it. */
export const readManifest = async (folder: string): Promise<Manifest> => {
	const path = join(folder, manifestName);
	const all = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT")
			throw new Refusal(`${folder} is no backup, or one that did not come to its end: it has no ${manifestName}`);
		throw error;
	});
	const end = all.lastIndexOf("\n", all.length - 2) + 1;
	const text = all.slice(0, end);
	if (checksum(text) !== all.slice(end).trim()) throw new Refusal(`${path} is not as it was written`);
	const manifest: unknown = JSON.parse(text);
	if (!Value.Check(Manifest, manifest)) throw new Refusal(`${path} is of a version that this one does not read`);
	return manifest;
};

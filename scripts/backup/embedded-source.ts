import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DataFolderInUse } from "../../mixins/store/data-folder.ts";
import { copyDatabase } from "../../mixins/store/sqlite-copy.ts";
import { Refusal } from "../node/refusal.ts";
import { askForCopy } from "./online-copy.ts";
import type { Source } from "./source.ts";

const tablePrefix = "c_";

/** By the process that has the database, if there is one; else by ourselves. */
const copyTo = async (dataDir: string, path: string): Promise<void> => {
	try {
		await copyDatabase(dataDir, path);
	} catch (error) {
		if (!(error instanceof DataFolderInUse)) throw error;
		await askForCopy(dataDir, path);
	}
};

const openCopy = (path: string): DatabaseSync => {
	const copy = new DatabaseSync(path);
	// As copied it is in WAL mode, which would make files beside it.
	copy.exec("PRAGMA journal_mode=DELETE");
	const { quick_check: answer } = copy.prepare("PRAGMA quick_check").get() ?? {};
	if (answer !== "ok") throw new Refusal(`the copy of the database is damaged, and perhaps the database: ${String(answer)}`);
	return copy;
};

/** Signing keys, and the mails of a Souk without a mail server. */
const filesOf = async (dataDir: string): Promise<string[]> => {
	const mails = await readdir(join(dataDir, "mail")).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return [];
		throw error;
	});
	const keys = await stat(join(dataDir, "jwt-keys.json")).then(
		() => ["jwt-keys.json"],
		() => [],
	);
	return [...keys, ...mails.filter((name) => name.endsWith(".eml")).map((name) => join("mail", name))];
};

/** All of it as it was at one moment. `scratch` is a folder on a disk with room for a second copy. */
export const embeddedSource = async (dataDir: string, scratch: string): Promise<Source> => {
	await stat(join(dataDir, "souk.db")).catch(() => {
		throw new Refusal(`there is no database in ${dataDir}: set DATA_DIR as the node has it`);
	});
	const folder = await mkdtemp(join(scratch, "copy-"));
	const remove = () => rm(folder, { recursive: true, force: true });
	try {
		const path = join(folder, "souk.db");
		await copyTo(dataDir, path);
		const copy = openCopy(path);
		return {
			store: "embedded",
			bus: null,
			async collections() {
				const rows = copy.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
				return rows.flatMap(({ name }) => (String(name).startsWith(tablePrefix) ? [String(name).slice(tablePrefix.length)] : []));
			},
			async *lines(collection) {
				for (const { body } of copy.prepare(`SELECT body FROM "${tablePrefix}${collection}"`).iterate()) yield String(body);
			},
			files: () => filesOf(dataDir),
			async close() {
				copy.close();
				await remove();
			},
		};
	} catch (error) {
		await remove();
		throw error;
	}
};

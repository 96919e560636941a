import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";

// Who holds a data folder. The operating system's lock on souk.db decides, so a holder that died holds nothing; this file only
// gives the refusal a name to say.

const holderFile = (folder: string): string => join(folder, "souk.pid");

/** Another process works on this data folder. Not worth a retry: two of them is a mistake in how they were started. */
export class DataFolderInUse extends Error {
	override readonly name = "DataFolderInUse";
	readonly folder: string;
	/** Null if the holder's file cannot be read. */
	readonly pid: number | null;

	constructor(folder: string, options?: ErrorOptions) {
		const { pid, host } = readHolder(folder);
		const holder = pid === null ? "another process" : `process ${pid}${host && host !== hostname() ? ` on ${host}` : ""}`;
		super(`the data folder ${folder} is in use by ${holder}: stop it, or set DATA_DIR to another folder`, options);
		this.folder = folder;
		this.pid = pid;
	}
}

/** The data folder cannot be made or written to. Nothing gets better by waiting: somebody has to choose another, or the rights. */
export class DataFolderUnusable extends Error {
	override readonly name = "DataFolderUnusable";

	constructor(folder: string, cause: unknown) {
		const reason = cause instanceof Error ? cause.message : String(cause);
		super(`the data folder ${folder} cannot be used: ${reason}. Set DATA_DIR to a folder that can be written to`, { cause });
	}
}

/** Not mkdir's own `recursive`: where the system refuses with ENOENT, as in /proc, that one never ends. */
const makeWithParents = (folder: string): void => {
	if (existsSync(folder)) return;
	if (dirname(folder) !== folder) makeWithParents(dirname(folder));
	try {
		mkdirSync(folder);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was faster
	}
};

/** Makes the folder unless it is there. `folder` is absolute. Throws `DataFolderUnusable`. */
export const makeDataFolder = (folder: string): void => {
	try {
		makeWithParents(folder);
		accessSync(`${folder}/.`, constants.W_OK | constants.X_OK); // with the dot a file is refused as well
	} catch (error) {
		throw new DataFolderUnusable(folder, error);
	}
};

const readHolder = (folder: string): { pid: number | null; host?: string } => {
	try {
		const [pid, host] = readFileSync(holderFile(folder), "utf8").split("\n");
		return { pid: Number(pid) || null, ...(host ? { host } : {}) };
	} catch {
		return { pid: null }; // the refusal stands without a name
	}
};

export const writeHolder = (folder: string): void => writeFileSync(holderFile(folder), `${process.pid}\n${hostname()}\n`);

export const removeHolder = (folder: string): void => rmSync(holderFile(folder), { force: true });

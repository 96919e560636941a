import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

// A small file with secrets that several processes may make, read and replace at the same time. It is never seen half-written, and
// nobody but its owner can read it.

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

const writeAside = async (path: string, text: string): Promise<string> => {
	const aside = `${path}.${process.pid}.${randomBytes(6).toString("hex")}`;
	const file = await open(aside, "wx", 0o600);
	try {
		await file.writeFile(text);
		await file.sync(); // before it gets its name: after a power cut an empty file would hold the name
	} finally {
		await file.close();
	}
	return aside;
};

const syncFolder = async (path: string): Promise<void> => {
	const folder = await open(dirname(path), "r");
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
};

/** Makes the file unless there is one: of several processes that start at once one wins, and all go on with what it wrote. */
export const createOnce = async (path: string, make: () => string): Promise<void> => {
	try {
		await stat(path);
		return;
	} catch (error) {
		if (!isCode(error, "ENOENT")) throw error;
	}
	await mkdir(dirname(path), { recursive: true });
	const aside = await writeAside(path, make());
	try {
		await link(aside, path); // unlike rename it fails if somebody was faster
		await syncFolder(path);
	} catch (error) {
		if (!isCode(error, "EEXIST")) throw error;
	} finally {
		await rm(aside, { force: true });
	}
};

/** How long a lock may stand before its holder counts as dead, in ms. */
const lockLife = 30_000;

/** The lock's name, or null while another process holds it. */
const lock = async (path: string): Promise<string | null> => {
	const name = `${path}.lock`;
	const take = async (): Promise<string | null> => {
		try {
			await (await open(name, "wx", 0o600)).close();
			return name;
		} catch (error) {
			if (!isCode(error, "EEXIST")) throw error;
			return null;
		}
	};
	const taken = await take();
	if (taken) return taken;
	const { mtimeMs } = await stat(name);
	if (Date.now() - mtimeMs < lockLife) return null; // file times are the system clock's, so this is, too
	await rm(name, { force: true });
	return take();
};

/** Replaces the text by what `change` makes of it. False: another process is at it, and nothing was changed. */
export const replace = async (path: string, change: (text: string) => string): Promise<boolean> => {
	const held = await lock(path);
	if (held === null) return false;
	try {
		const aside = await writeAside(path, change(await readFile(path, "utf8")));
		await rename(aside, path);
		await syncFolder(path);
		return true;
	} finally {
		await rm(held, { force: true });
	}
};

/** The text, read again only when the file is another one than before. */
export class WatchedFile {
	readonly #path: string;
	#seen = "";
	#text = "";

	constructor(path: string) {
		this.#path = path;
	}

	async read(): Promise<string> {
		const { ino, mtimeMs, size } = await stat(this.#path);
		const seen = `${ino} ${mtimeMs} ${size}`;
		if (seen !== this.#seen) {
			this.#text = await readFile(this.#path, "utf8");
			this.#seen = seen;
		}
		return this.#text;
	}
}

import { rm } from "node:fs/promises";
import { backup } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { acquireDatabase, releaseDatabase, type SqliteDatabase } from "./sqlite-database.ts";

/** Pages of 4 KiB that are copied in one go: other work of the process waits for that long, some milliseconds. */
const pagesAtOnce = 256;

/** How often the copying may fail to begin, and the pause between, in ms. */
const starts = 100;
const pause = 3;

export type OnCopied = (pages: { copied: number; of: number }) => void;

const copy = async ({ raw }: SqliteDatabase, to: string, onProgress: OnCopied): Promise<void> => {
	for (let start = 1; ; start++) {
		let begun = false;
		const progress = ({ totalPages, remainingPages }: { totalPages: number; remainingPages: number }): void => {
			begun = true;
			onProgress({ copied: totalPages - remainingPages, of: totalPages });
		};
		try {
			await backup(raw, to, { rate: pagesAtOnce, progress });
			return;
		} catch (error) {
			// Pages are copied in another thread. One that runs into a commit of ours comes again, but not the first: Node takes its "busy" for
			// the end of it, with the message "not an error".
			if (begun || start === starts) throw error;
			await rm(to, { force: true });
			await delay(pause);
		}
	}
};

/**
 * Copies the database of this folder as it is at the end of the copying, while the process goes on writing: what the same connection
 * changes meanwhile is changed in the copy too. `to` is a file that is not there yet. Throws `DataFolderInUse`, `DataFolderUnusable`.
 */
export const copyDatabase = async (dataDir: string, to: string, onProgress: OnCopied = () => undefined): Promise<void> => {
	const database = acquireDatabase(dataDir);
	const goOn = database.queue.rest();
	try {
		await copy(database, to, onProgress);
	} finally {
		goOn();
		releaseDatabase(database);
	}
};

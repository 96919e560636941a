import { join, resolve } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { CommitQueue } from "./commit-queue.ts";
import { DataFolderInUse, makeDataFolder, removeHolder, writeHolder } from "./data-folder.ts";
import { portError, primaryCode, sqliteCode } from "./sqlite-errors.ts";

// The embedded store's one file, `souk.db`, shared by all services of the process and by no other process.

/** How long a start waits for a predecessor that is just ending (a restart by a file watcher), in ms. */
const lockPatience = 1_500;

export class SqliteDatabase {
	readonly folder: string;
	readonly raw: DatabaseSync;
	readonly queue: CommitQueue;
	readonly #statements = new Map<string, StatementSync>();

	/** `folder` is absolute. Throws `DataFolderInUse`, `DataFolderUnusable`. */
	constructor(folder: string) {
		this.folder = folder;
		makeDataFolder(folder);
		this.raw = new DatabaseSync(join(folder, "souk.db"), { timeout: lockPatience });
		try {
			this.#configure();
		} catch (error) {
			this.raw.close();
			throw primaryCode(error) === sqliteCode.busy ? new DataFolderInUse(folder, { cause: error }) : error;
		}
		writeHolder(folder);
		this.queue = new CommitQueue(this.raw);
	}

	#configure(): void {
		// EXCLUSIVE before WAL: the lock is then held until the process ends, however it ends, and there is no shared-memory file.
		this.raw.exec("PRAGMA locking_mode=EXCLUSIVE");
		this.raw.exec("PRAGMA journal_mode=WAL");
		// FULL: COMMIT returns after fsync of the log. NORMAL would lose acked writes when the power fails.
		this.raw.exec("PRAGMA synchronous=FULL");
		// What is deleted or replaced is overwritten with zeros: it may be what somebody wanted gone.
		this.raw.exec("PRAGMA secure_delete=ON");
		this.raw.exec("PRAGMA journal_size_limit=67108864");
		this.raw.exec("PRAGMA cache_size=-16384");
		this.raw.exec(
			"CREATE TABLE IF NOT EXISTS souk_paths (collection TEXT, path TEXT, arrays INTEGER NOT NULL, PRIMARY KEY (collection, path))",
		);
		// The lock is taken by the first write, which for a file that has its tables already would come much later.
		this.raw.exec("BEGIN EXCLUSIVE; COMMIT");
	}

	prepare(sql: string): StatementSync {
		let statement = this.#statements.get(sql);
		if (!statement) {
			statement = this.raw.prepare(sql);
			this.#statements.set(sql, statement);
		}
		return statement;
	}

	/** Runs a read; what the disk refuses comes out as the port's error. */
	read<T>(work: () => T): T {
		try {
			return work();
		} catch (error) {
			throw portError(error);
		}
	}

	/** Takes the log, which still has the pages as they were, into the file, and empties it. */
	async scrub(): Promise<void> {
		// Between two transactions: nothing of ours is open then.
		await new Promise(setImmediate);
		this.read(() => this.raw.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
	}

	close(): void {
		this.queue.drain();
		this.#statements.clear();
		removeHolder(this.folder);
		this.raw.close();
	}
}

interface Held {
	database: SqliteDatabase;
	users: number;
}

const open = new Map<string, Held>();

/** The database of this folder, opened by the first who asks. Each `acquire` needs its `release`. Throws `DataFolderInUse`. */
export const acquireDatabase = (dataDir: string): SqliteDatabase => {
	const folder = resolve(dataDir);
	const held = open.get(folder) ?? { database: new SqliteDatabase(folder), users: 0 };
	held.users += 1;
	open.set(folder, held);
	return held.database;
};

export const releaseDatabase = (database: SqliteDatabase): void => {
	const held = open.get(database.folder);
	if (held?.database !== database) return;
	held.users -= 1;
	if (held.users > 0) return;
	open.delete(database.folder);
	database.close();
};

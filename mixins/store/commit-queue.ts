import type { DatabaseSync, StatementSync } from "node:sqlite";
import { StoreUnavailable, WriteUncertain } from "./errors.ts";
import { portError, primaryCode, sqliteCode } from "./sqlite-errors.ts";

// Group commit: the writes that were asked for in one turn of the event loop share one transaction and so one fsync.

interface Job {
	work: () => unknown;
	resolve: (value: never) => void;
	reject: (error: unknown) => void;
}

type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

/** Writes that one transaction takes: bounds how long the event loop stands still (about 10 ms). */
const batchLimit = 256;
/** How long the database rests between two transactions while it is copied. */
const restMs = 5;
/** Writes that may wait. Only a caller that awaits nothing can get here. */
const queueLimit = 50_000;

export class CommitQueue {
	readonly #database: DatabaseSync;
	readonly #statements: Record<"begin" | "commit" | "rollback" | "savepoint" | "release" | "undo", StatementSync>;
	#jobs: Job[] = [];
	#scheduled = false;
	#resting = 0;

	constructor(database: DatabaseSync) {
		this.#database = database;
		this.#statements = {
			begin: database.prepare("BEGIN IMMEDIATE"),
			commit: database.prepare("COMMIT"),
			rollback: database.prepare("ROLLBACK"),
			savepoint: database.prepare("SAVEPOINT job"),
			release: database.prepare("RELEASE job"),
			undo: database.prepare("ROLLBACK TO job"),
		};
	}

	/** Runs `work` in the next batch and resolves with its result once that is on disk. What throws in `work` is undone alone. */
	run<T>(work: () => T): Promise<T> {
		if (this.#jobs.length >= queueLimit) return Promise.reject(new StoreUnavailable("too many writes wait for the store"));
		return new Promise<T>((resolve, reject) => {
			this.#jobs.push({ work, resolve, reject });
			this.#schedule();
		});
	}

	/** Commits whatever waits, now. */
	drain(): void {
		while (this.#jobs.length > 0) this.#flush();
	}

	/** From now on until the answer is called, the database rests between two transactions: an online copy goes on in those pauses alone. */
	rest(): () => void {
		this.#resting += 1;
		return () => {
			this.#resting -= 1;
		};
	}

	#schedule(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		const next = (): void => {
			this.#scheduled = false;
			this.#flush();
			if (this.#jobs.length > 0) this.#schedule();
		};
		if (this.#resting > 0) setTimeout(next, restMs);
		else setImmediate(next);
	}

	#flush(): void {
		const batch = this.#jobs.splice(0, batchLimit);
		if (batch.length === 0) return;
		const outcomes = this.#transaction(batch);
		batch.forEach((job, index) => {
			const outcome = outcomes[index] ?? { ok: false, error: new StoreUnavailable("the write did not run") };
			if (outcome.ok) job.resolve(outcome.value as never);
			else job.reject(outcome.error);
		});
	}

	/** The outcome of each job, none of them `ok` unless COMMIT succeeded. */
	#transaction(batch: readonly Job[]): Outcome[] {
		try {
			this.#statements.begin.run();
			const outcomes = batch.map((job) => this.#runOne(job));
			this.#commit();
			return outcomes;
		} catch (error) {
			if (this.#database.isOpen && this.#database.isTransaction) this.#statements.rollback.run();
			const failure = portError(error);
			return batch.map(() => ({ ok: false, error: failure }));
		}
	}

	#commit(): void {
		try {
			this.#statements.commit.run();
		} catch (error) {
			const why = (error as Error).message;
			// After a failed fsync the frames may be whole in the log, and a crash now would bring them to life: only that is uncertain.
			if (primaryCode(error) === sqliteCode.ioError)
				throw new WriteUncertain(`the commit may have failed: ${why}`, { cause: error });
			throw new StoreUnavailable(`the commit failed: ${why}`, { cause: error });
		}
	}

	#runOne(job: Job): Outcome {
		this.#statements.savepoint.run();
		try {
			const value = job.work();
			this.#statements.release.run();
			return { ok: true, value };
		} catch (error) {
			// A full disk may make SQLite roll the whole transaction back by itself; then the batch is over.
			if (!this.#database.isTransaction) throw error;
			this.#statements.undo.run();
			this.#statements.release.run();
			return { ok: false, error: portError(error) };
		}
	}
}

import { StoreUnavailable } from "./errors.ts";

/** https://www.sqlite.org/rescode.html */
export const sqliteCode = { busy: 5, ioError: 10, primaryKey: 1555, unique: 2067 } as const;

const storageErrors = new Set<number>([sqliteCode.busy, sqliteCode.ioError, 6, 7, 8, 11, 13, 14, 26]); // LOCKED NOMEM READONLY CORRUPT FULL CANTOPEN NOTADB

const codeOf = (error: unknown): number => (error as { errcode?: number }).errcode ?? 0;

/** Without the extension that tells, say, a failed fsync from a failed write. */
export const primaryCode = (error: unknown): number => codeOf(error) & 0xff;

export const isUniqueViolation = (error: unknown): boolean =>
	codeOf(error) === sqliteCode.primaryKey || codeOf(error) === sqliteCode.unique;

/** What the port calls StoreUnavailable: the disk, the file or the connection refuses; anything else stays what it is. */
export const portError = (error: unknown): unknown => {
	const closed = (error as { code?: string }).code === "ERR_INVALID_STATE";
	if (!closed && !storageErrors.has(primaryCode(error))) return error;
	return new StoreUnavailable(`the store refuses work: ${(error as Error).message}`, { cause: error });
};

import {
	MongoBulkWriteError,
	MongoError,
	MongoNetworkError,
	MongoNotConnectedError,
	MongoServerError,
	MongoServerSelectionError,
	MongoWriteConcernError,
} from "mongodb";
import { DuplicateKey, StoreUnavailable, WriteUncertain } from "./errors.ts";

// What the driver throws, said in the words of the port. Codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml

const duplicateKey = 11_000;
/** The server says that it did nothing: not primary (any more), out of disk. */
const nothingDone = new Set([10107, 13435, 14031]); // NotWritablePrimary, NotPrimaryNoSecondaryOk, OutOfDiskSpace
/** The server stopped while it worked, or ran out of time. */
const maybeDone = new Set([50, 64, 89, 91, 189, 262, 11600, 11602]); // MaxTimeMSExpired, WriteConcernTimeout, NetworkTimeout, ShutdownInProgress, PrimarySteppedDown, ExceededTimeLimit, InterruptedAtShutdown, InterruptedDueToReplStateChange

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isConnectionLoss = (error: unknown): boolean =>
	error instanceof MongoNetworkError ||
	error instanceof MongoServerSelectionError ||
	error instanceof MongoNotConnectedError ||
	// By name: these classes are not among the driver's exports.
	(error instanceof MongoError && /Topology.*Closed|WaitQueueTimeout|ClientClosed|PoolCleared|PoolClosed/.test(error.name));

const unavailable = (error: unknown): StoreUnavailable => new StoreUnavailable(`MongoDB: ${message(error)}`, { cause: error });

/** A bulk write of which every failure is a taken key, and whose successes are durable. */
export const onlyDuplicates = (error: unknown): error is MongoBulkWriteError => {
	if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) return false;
	const failures = error.result.getWriteErrors();
	return failures.length > 0 && failures.every(({ code }) => code === duplicateKey);
};

/** A bulk write that ended in anything but refusals of single documents: how far it came is not known. */
const bulkBroke = (error: MongoBulkWriteError): boolean =>
	error.result.getWriteConcernError() !== undefined || error.result.getWriteErrors().length === 0;

export const readError = (error: unknown): unknown => {
	const code = error instanceof MongoServerError ? Number(error.code) : 0;
	return isConnectionLoss(error) || nothingDone.has(code) || maybeDone.has(code) ? unavailable(error) : error;
};

/** `sent`: a command of this write has left for a server, so the write may have happened. */
export const writeError = (collection: string, error: unknown, sent: boolean): unknown => {
	const uncertain = new WriteUncertain(`MongoDB, ${collection}: ${message(error)}`, { cause: error });
	if (error instanceof MongoWriteConcernError) return uncertain;
	// The driver wraps what broke a bulk write, a lost connection too, into an error of its own.
	const broke = error instanceof MongoBulkWriteError ? bulkBroke(error) : isConnectionLoss(error);
	if (broke) return sent ? uncertain : unavailable(error);
	if (!(error instanceof MongoServerError)) return error;
	const code = Number(error.code);
	if (code === duplicateKey) return new DuplicateKey(collection, { cause: error });
	if (maybeDone.has(code)) return uncertain;
	// A refusal may be that of the driver's second try, and the first one may have been carried out elsewhere.
	if (nothingDone.has(code)) return error.hasErrorLabel("RetryableWriteError") && sent ? uncertain : unavailable(error);
	return error;
};

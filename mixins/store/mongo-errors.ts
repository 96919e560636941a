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

/**
 * A socket that the server had ended before the command was written to it. The driver passes this one on as Node throws it, so it
 * comes only from a connection of the pool that nobody had used since; nothing of the command was sent.
 */
const isEndedSocket = (error: unknown): boolean =>
	!(error instanceof MongoError) &&
	/^(EPIPE|ERR_STREAM_DESTROYED|ERR_STREAM_WRITE_AFTER_END)$/.test(String((error as { code?: unknown }).code));

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
	return isConnectionLoss(error) || isEndedSocket(error) || nothingDone.has(code) || maybeDone.has(code)
		? unavailable(error)
		: error;
};

/** `sent`: how many commands of this write had left for a server: with any, the write may have happened. */
export const writeError = (collection: string, error: unknown, sent: number): unknown => {
	const uncertain = new WriteUncertain(`MongoDB, ${collection}: ${message(error)}`, { cause: error });
	if (error instanceof MongoWriteConcernError) return uncertain;
	// The last command was never written; one before it, of which this was the driver's retry, may have been.
	if (isEndedSocket(error)) return sent > 1 ? uncertain : unavailable(error);
	// The driver wraps what broke a bulk write, a lost connection too, into an error of its own.
	const broke = error instanceof MongoBulkWriteError ? bulkBroke(error) : isConnectionLoss(error);
	if (broke) return sent > 0 ? uncertain : unavailable(error);
	if (!(error instanceof MongoServerError)) return error;
	const code = Number(error.code);
	if (code === duplicateKey) return new DuplicateKey(collection, { cause: error });
	if (maybeDone.has(code)) return uncertain;
	// A refusal may be that of the driver's second try, and the first one may have been carried out elsewhere.
	if (nothingDone.has(code)) return error.hasErrorLabel("RetryableWriteError") && sent > 0 ? uncertain : unavailable(error);
	return error;
};

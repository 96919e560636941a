import assert from "node:assert/strict";
import { MongoNetworkError, MongoServerError, MongoServerSelectionError, MongoWriteConcernError } from "mongodb";
import { DuplicateKey, StoreUnavailable, WriteUncertain } from "../../../mixins/store/errors.ts";
import { readError, writeError } from "../../../mixins/store/mongo-errors.ts";

const serverError = (code: number, labels: string[] = []): MongoServerError =>
	new MongoServerError({ message: `code ${code}`, code, errorLabels: labels });

describe("store (mongo): what the driver's errors mean", () => {
	const lost = new MongoNetworkError("connection closed");
	const nobody = new MongoServerSelectionError("timed out", { servers: new Map() } as never); // only its reason's shape matters

	it("a lost connection is uncertain once a command has left, and 'nothing was written' before", () => {
		assert.ok(writeError("c", lost, 1) instanceof WriteUncertain);
		assert.ok(writeError("c", lost, 0) instanceof StoreUnavailable);
	});

	it("no server to be found for the driver's second try does not mean that the first one did nothing", () => {
		assert.ok(writeError("c", nobody, 1) instanceof WriteUncertain);
		assert.ok(writeError("c", nobody, 0) instanceof StoreUnavailable);
	});

	it("a failed write concern is uncertain", () => {
		const error = new MongoWriteConcernError({ writeConcernError: { code: 64, errmsg: "timed out" } } as never);
		assert.ok(writeError("c", error, 1) instanceof WriteUncertain);
	});

	it("a server that stopped or ran out of time in the midst of a write is uncertain", () => {
		for (const code of [50, 64, 89, 91, 189, 262, 11600, 11602]) {
			assert.ok(writeError("c", serverError(code), 1) instanceof WriteUncertain, String(code));
			assert.ok(readError(serverError(code)) instanceof StoreUnavailable, String(code));
		}
	});

	it("a server that is no primary wrote nothing, unless that was the answer to a second try", () => {
		assert.ok(writeError("c", serverError(10107), 1) instanceof StoreUnavailable);
		assert.ok(writeError("c", serverError(10107, ["RetryableWriteError"]), 1) instanceof WriteUncertain);
	});

	it("a taken key is that", () => {
		const error = writeError("things", serverError(11_000), 1);
		assert.ok(error instanceof DuplicateKey && error.collection === "things");
	});

	it("mistakes of ours stay what they are", () => {
		const mistake = serverError(9);
		assert.equal(writeError("c", mistake, 1), mistake);
		assert.equal(readError(mistake), mistake);
		const bug = new TypeError("x");
		assert.equal(writeError("c", bug, 1), bug);
	});

	it("the cause is kept for the logs", () => {
		assert.equal((writeError("c", lost, 1) as Error).cause, lost);
		assert.equal((readError(lost) as Error).cause, lost);
	});

	it("a socket that had ended before the command was written is a server that is not there, unless an earlier try was sent", () => {
		const ended = Object.assign(new Error("This socket has been ended by the other party"), { code: "EPIPE" });
		assert.ok(readError(ended) instanceof StoreUnavailable);
		assert.ok(writeError("c", ended, 1) instanceof StoreUnavailable);
		assert.ok(writeError("c", ended, 2) instanceof WriteUncertain);
	});
});

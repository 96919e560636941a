import assert from "node:assert/strict";
import { ServiceBroker } from "moleculer";
import { DomainError, type ErrorCode, errorTable } from "../../contracts/errors.ts";
import { domainErrors, fromWire, refusalOf as heard, toWire } from "../../middlewares/domain-errors.ts";
import { currentIds, currentRequestId, requestId } from "../../middlewares/request-id.ts";
import { StoreUnavailable, WriteUncertain } from "../../mixins/store/errors.ts";
import { Contended } from "../../mixins/store/versioned.ts";
import { currentScope, inScope, scopeFrom } from "../../mixins/tracing/scope.ts";
import { needs, type RunningServer, startNats } from "../support/servers.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

const node = (nodeID: string, transporter: string | null = null) =>
	new ServiceBroker({ nodeID, transporter: transporter as never, logger: false, middlewares: [domainErrors(), requestId()] });

const orders = {
	name: "orders",
	actions: {
		cancel(): never {
			throw new DomainError("TRANSITION_REFUSED", "It was shipped", { from: "shipped", to: "cancelled", allowed: [] });
		},
		crash(): never {
			throw new TypeError("undefined is not a function");
		},
		storeAway(): never {
			throw new StoreUnavailable("mongod at 10.0.0.7 is gone");
		},
		writeUncertain(): never {
			throw new WriteUncertain("no answer");
		},
		contended(): never {
			throw new Contended("orders", "10.0.0.7");
		},
		requestId: () => currentRequestId(),
		trace: () => currentScope()?.trace,
	},
};

const refusalOf = (call: Promise<unknown>): Promise<unknown> =>
	call.then(
		() => assert.fail("it went well"),
		(error: unknown) => error,
	);

const behaves = (caller: () => ServiceBroker): void => {
	it("keeps code, status, words and extras of a refusal", async () => {
		const refusal = fromWire(await refusalOf(caller().call("orders.cancel")));
		assert.equal(refusal?.code, "TRANSITION_REFUSED");
		assert.equal(refusal?.message, "It was shipped");
		assert.deepEqual(refusal?.extras, { from: "shipped", to: "cancelled", allowed: [] });
	});

	it("says UNAVAILABLE, and no more, when a store is away", async () => {
		for (const action of ["orders.storeAway", "orders.writeUncertain", "orders.contended"]) {
			const refusal = fromWire(await refusalOf(caller().call(action)));
			assert.equal(refusal?.code, "UNAVAILABLE");
			assert.doesNotMatch(refusal?.message ?? "", /10\.0\.0\.7/);
		}
	});

	it("takes no other error for a refusal", async () => {
		assert.equal(fromWire(await refusalOf(caller().call("orders.crash"))), null);
		assert.equal(fromWire(await refusalOf(caller().call("orders.nothing"))), null);
		assert.equal(fromWire("text"), null);
	});

	it("carries the request id to the code that runs for it", async () => {
		assert.equal(await caller().call("orders.requestId", {}, { requestID: "abc-1" }), "abc-1");
		assert.ok(await caller().call("orders.requestId"));
		assert.equal(currentRequestId(), undefined);
	});

	it("carries the trace to the code that runs for it, and begins one where nobody asked for anything", async () => {
		const asked = inScope(scopeFrom("abc-4", traceparent), () => caller().call("orders.trace"));
		assert.deepEqual(await asked, { traceId, spanId: "b7ad6b7169203331", sampled: true });
		const own = await caller().call<{ traceId: string; sampled: boolean }, object>("orders.trace", {});
		assert.match(own.traceId, /^[\da-f]{32}$/);
		assert.equal(own.sampled, false);
	});

	it("leaves headers as their caller has them", async () => {
		const headers = Object.freeze({ accept: "text" });
		await inScope(scopeFrom("abc-5", traceparent), () => caller().call("orders.trace", {}, { headers }));
		assert.deepEqual(headers, { accept: "text" });
	});

	it("takes a call made on behalf of a request for no new one", async () => {
		assert.equal(await inScope(scopeFrom("abc-2", traceparent), () => caller().call("orders.requestId")), "abc-2");
	});
};

describe("domain errors and request ids", () => {
	it("survive the way to the wire form and back for every code", () => {
		for (const code of Object.keys(errorTable) as ErrorCode[]) {
			assert.equal(fromWire(toWire(new DomainError(code)))?.code, code);
		}
	});

	describe("within a process", () => {
		const broker = node("one");
		broker.createService(orders);
		before(() => broker.start());
		after(() => broker.stop());
		behaves(() => broker);

		it("names the request and its trace in every line that is logged for it", () => {
			assert.equal(currentIds(), undefined);
			assert.deepEqual(inScope(scopeFrom("abc-3", traceparent), currentIds), { requestId: "abc-3", traceId });
		});
	});

	describe("over NATS", () => {
		let nats: RunningServer | undefined;
		let caller: ServiceBroker;
		let callee: ServiceBroker;
		before(async function () {
			needs(this, "nats");
			nats = await startNats();
			caller = node("caller", nats.url);
			callee = node("callee", nats.url);
			callee.createService(orders);
			await Promise.all([caller.start(), callee.start()]);
			await caller.waitForServices("orders");
		});
		after(async () => {
			await Promise.all([caller?.stop(), callee?.stop()]);
			await nats?.stop();
		});
		behaves(() => caller);
	});
});

describe("What a caller may hear of a failure", () => {
	it("is a refusal that somebody chose, here or on another node", () => {
		const refusal = new DomainError("NOT_FOUND");
		assert.equal(heard(refusal), refusal);
		assert.equal(heard(toWire(refusal))?.code, "NOT_FOUND");
	});

	it("is UNAVAILABLE where the store is away: the same may work later", () => {
		for (const error of [new StoreUnavailable("10.0.0.7 is gone"), new WriteUncertain("no answer")]) {
			const refusal = heard(error);
			assert.equal(refusal?.code, "UNAVAILABLE");
			assert.ok(!refusal.message.includes("10.0.0.7"));
		}
	});

	it("is nothing where nobody chose to tell", () => {
		assert.equal(heard(new TypeError("undefined is not a function")), null);
		assert.equal(heard(new DomainError("INTERNAL")), null);
	});
});

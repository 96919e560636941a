import assert from "node:assert/strict";
import fc from "fast-check";
import { Errors, ServiceBroker } from "moleculer";
import { backoffDelay } from "../../../mixins/durable-events/backoff.ts";
import { durableEvents } from "../../../mixins/durable-events/durable-events.mixin.ts";
import { JetStreamDelivery } from "../../../mixins/durable-events/jetstream/delivery.ts";
import { History } from "../../../mixins/durable-events/jetstream/history.ts";
import { carries, messageIdOf } from "../../../mixins/durable-events/jetstream/names.ts";
import { MicroBatch } from "../../../mixins/durable-events/micro-batch.ts";
import { isOutage } from "../../../mixins/durable-events/outage.ts";
import { patiently, Stopping } from "../../../mixins/durable-events/patience.ts";
import { policyOf } from "../../../mixins/durable-events/policy.ts";
import { embeddedWorld } from "../../support/both-buses.ts";
import { quiet } from "../../support/brokers.ts";

const settings = { groups: {} };

describe("durable events: backoff", () => {
	it("the ceiling doubles with each try up to a minute", () => {
		const ceilings = [1, 2, 3, 4, 9, 40, 4_000].map((tries) => backoffDelay(tries, 200, () => 1));
		assert.deepEqual(ceilings, [200, 400, 800, 1_600, 51_200, 60_000, 60_000]);
	});

	it("the jitter is full: anything between nothing and the ceiling", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 100 }),
				fc.integer({ min: 1, max: 60_000 }),
				fc.double({ min: 0, max: 0.999, noNaN: true }),
				(tries, first, random) => {
					const ceiling = backoffDelay(tries, first, () => 1);
					const delay = backoffDelay(tries, first, () => random);
					assert.ok(delay >= 0 && delay <= ceiling && Math.abs(delay - random * ceiling) <= 1);
				},
			),
		);
	});
});

describe("durable events: the policy of a group", () => {
	it("defaults, then what the service says, then what the environment says", () => {
		const { concurrency: _fixed, ...standard } = policyOf("orders", [{}], settings);
		assert.deepEqual(standard, { group: "orders", tries: 8, backoffMs: 200, dedupeMs: 14 * 86_400_000 });
		assert.equal(policyOf("orders", [{ tries: 3 }], settings).tries, 3);
		assert.equal(policyOf("orders", [{ tries: 3 }], { groups: { orders: { tries: 5 } } }).tries, 5);
		assert.equal(policyOf("orders", [{ tries: 3 }], { groups: { payment: { tries: 5 } } }).tries, 3);
	});

	it("blocks that contradict each other are refused by name", () => {
		assert.throws(() => policyOf("orders", [{ tries: 3 }, {}, { tries: 4 }], settings), /"orders".* tries \(3, 4\)/);
	});

	it("a name that cannot be part of a subject is refused", () => {
		for (const group of ["", "a.b", "a b", ">", "*", "Orders"])
			assert.throws(() => policyOf(group, [], settings), /consumer group/);
	});
});

describe("durable events: entries of a service", () => {
	const create = (events: Record<string, unknown>): unknown => {
		const mixins = [durableEvents({ settings: embeddedWorld("").settings })];
		return new ServiceBroker({ ...quiet }).createService({ name: "reader", mixins, events: events as never });
	};

	it("a wildcard or a missing handler stops the service from being created", () => {
		assert.throws(() => create({ "order.*": { durable: {}, handler() {} } }), /without wildcards/);
		assert.throws(() => create({ "order.paid": { durable: {} } }), /order\.paid has no handler/);
	});
});

describe("durable events: message ids", () => {
	const mark = { at: 17, seq: 3, stream: "S@1" };

	it("an event that was published goes out again under another one, the same for everybody who read the same mark", () => {
		assert.equal(messageIdOf({ id: "e" }), "e");
		assert.equal(messageIdOf({ id: "e", published: mark }), "e#17");
	});

	it("a message says which event it carries, whichever message id it has", () => {
		assert.deepEqual([carries("e", "e"), carries("e#17", "e"), carries("e2", "e"), carries("", "e")], [true, true, false, false]);
	});
});

describe("durable events: what is said to the bus, and asked of it", () => {
	it("a delivery says that it is worked on when half of the ack wait is over, and not before", () => {
		const said: string[] = [];
		const message = {
			subject: "souk.events.note.written",
			reply: "$JS.ACK.S.c.1.1.1.1700000000000000000.0",
			respond: (payload: Uint8Array) => said.push(new TextDecoder().decode(payload)),
		};
		const delivery = new JetStreamDelivery(message as unknown as ConstructorParameters<typeof JetStreamDelivery>[0]);
		delivery.working(60_000);
		assert.deepEqual(said, []);
		delivery.working(0);
		assert.deepEqual(said, ["+WPI"]);
		delivery.working(60_000);
		assert.deepEqual(said, ["+WPI"]);
	});

	it("a sweeper doubts the stream after somebody else had the lease, and not when it took its own again", async () => {
		const state = { id: "S@1", firstSeq: 1, lastSeq: 7 };
		const streams = { look: async () => state, messageIdAt: async () => "e7" };
		const inbox = { findById: async () => null, create: async () => ({ created: true }) };
		type Parts = ConstructorParameters<typeof History>;
		const source = { collection: { name: "notes" }, records: { inbox } };
		const history = new History(streams as unknown as Parts[0], source as unknown as Parts[1]);
		const doubted = async (epoch: number): Promise<unknown> => {
			history.term(epoch);
			const { doubt } = await history.check();
			await history.settle(state);
			return doubt;
		};
		assert.deepEqual(await doubted(1), { stream: "S@1", after: 0 });
		assert.equal(await doubted(1), null);
		assert.equal(await doubted(2), null);
		assert.deepEqual(await doubted(4), { stream: "S@1", after: 7 });
		assert.equal(await doubted(4), null);
		assert.deepEqual(await doubted(3), { stream: "S@1", after: 7 });
	});
});

describe("durable events: micro-batches", () => {
	it("what comes close together travels together, and each gets its own answer", async () => {
		const batches: number[][] = [];
		const batch = new MicroBatch<number, number>({
			gatherMs: 0,
			flush: async (items) => {
				batches.push([...items]);
				return items.map((item) => item * 2);
			},
		});
		assert.deepEqual(await Promise.all([1, 2, 3].map((item) => batch.add(item))), [2, 4, 6]);
		assert.deepEqual(batches, [[1, 2, 3]]);
	});

	it("one batch at a time; what comes meanwhile is the next, and a failed batch fails only its own", async () => {
		const batches: number[][] = [];
		const gate = Promise.withResolvers<void>();
		const begun = Promise.withResolvers<void>();
		const batch = new MicroBatch<number, undefined>({
			gatherMs: 0,
			flush: async (items) => {
				batches.push([...items]);
				begun.resolve();
				if (batches.length === 1) await gate.promise;
				return items.map(() => undefined);
			},
		});
		const first = batch.add(1);
		await begun.promise;
		const rest = [batch.add(2), batch.add(3)];
		gate.reject(new Error("the first"));
		await assert.rejects(first, /the first/);
		await Promise.all(rest);
		await batch.drain();
		assert.deepEqual(batches, [[1], [2, 3]]);
	});
});

describe("durable events: patience", () => {
	it("waits for what is away, throws on what will not heal, and gives up when it is stopped", async () => {
		const end = new AbortController();
		let tries = 0;
		const away = async (): Promise<string> => {
			tries += 1;
			if (tries < 3) throw Object.assign(new Error("gone"), { name: "StoreUnavailable" });
			return "back";
		};
		assert.equal(await patiently(away, { heals: isOutage, signal: end.signal }), "back");
		const broken = () => Promise.reject(new TypeError("broken"));
		await assert.rejects(patiently(broken, { heals: isOutage, signal: end.signal }), TypeError);
		const forever = patiently(() => Promise.reject(new Error("away")), { heals: () => true, signal: end.signal });
		end.abort();
		await assert.rejects(forever, Stopping);
	});

	it("takes what Moleculer says of a node or a transporter that is gone for an outage, and a time-out for a failure", () => {
		const call = { action: "payment.refundUnwanted", nodeID: "payment-1" };
		const gone = [
			new Errors.ServiceNotFoundError(call),
			new Errors.ServiceNotAvailableError(call),
			new Errors.RequestRejectedError(call),
			new Errors.QueueIsFullError({ ...call, size: 1, limit: 1 }),
			new Errors.BrokerDisconnectedError("its words are its own; the types want some"),
		];
		for (const error of gone) assert.equal(isOutage(error), true, error.name);
		// It may be the event itself that takes so long: that would hold its place for ever.
		assert.equal(isOutage(new Errors.RequestTimeoutError(call)), false);
	});

	it("knows an outage from a failure, over the wire as well", () => {
		const outages = [
			{ name: "StoreUnavailable" },
			{ name: "WriteUncertain" },
			{ type: "UNAVAILABLE" },
			{ code: "UNAVAILABLE" },
			{ type: "SERVICE_NOT_FOUND" },
		];
		for (const facts of outages) assert.equal(isOutage(Object.assign(new Error("x"), facts)), true, JSON.stringify(facts));
		for (const other of [new Error("x"), Object.assign(new Error("x"), { type: "VALIDATION", code: 400 }), "UNAVAILABLE", null])
			assert.equal(isOutage(other), false);
	});
});

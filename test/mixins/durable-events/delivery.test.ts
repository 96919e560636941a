import assert from "node:assert/strict";
import { type Context, type Service, ServiceBroker } from "moleculer";
import { clock } from "../../../config/clock.ts";
import type { DomainEvent } from "../../../contracts/events.ts";
import { newId } from "../../../contracts/ids.ts";
import type { Bus } from "../../../mixins/durable-events/bus.ts";
import { durableEvents } from "../../../mixins/durable-events/durable-events.mixin.ts";
import { openStore } from "../../../mixins/store/store.ts";
import { createEntity } from "../../../mixins/store/versioned.ts";
import { currentScope, type Scope } from "../../../mixins/tracing/scope.ts";
import { bothBuses, type World } from "../../support/both-buses.ts";
import { quiet } from "../../support/brokers.ts";
import { type Consumer, drafts, type EventNode, type Note, noteSpec, startEventNode, touch } from "../../support/event-node.ts";
import { Seen } from "../../support/seen.ts";
import { until } from "../../support/until.ts";

bothBuses("durable events", (newWorld, kind) => {
	const nodes: EventNode[] = [];
	const node = async (world: World, consumers: Consumer[] = []): Promise<EventNode> => {
		const started = await startEventNode(world, consumers);
		nodes.push(started);
		return started;
	};
	afterEach(() => Promise.all(nodes.splice(0).map((one) => one.stop())));

	const counting = (seen: Seen, name = "reader"): Consumer => ({ name, handler: (event) => void seen.add(event.id) });

	/** Embedded: the event has left its document. Cluster: it is marked there by the PubAck. */
	const settled = ({ notes, unpublished }: EventNode): Promise<unknown> =>
		until(
			"events to leave the outboxes, or to be marked there",
			async () => [await unpublished(), await notes.find({ where: { "outbox.id": { $exists: true } } })],
			([left, carrying]) => left?.length === 0 && (kind === "cluster" || carrying?.length === 0),
		);

	it("every event that was written reaches its consumer, once", async () => {
		const seen = new Seen();
		const one = await node(await newWorld(), [counting(seen)]);
		const ids = (await Promise.all(Array.from({ length: 40 }, () => one.write(2)))).flat();
		await seen.all(ids);
		await settled(one);
		assert.equal(seen.total, ids.length);
	});

	it("a handler gets the event as ctx.params in a Moleculer context, with the service as this", async () => {
		const world = await newWorld();
		const { promise, resolve } = Promise.withResolvers<[Service, DomainEvent, Context]>();
		const reader: Consumer = {
			name: "reader",
			handler(event, ctx) {
				resolve([this, event, ctx as Context]);
			},
		};
		const one = await node(world, [reader]);
		const [id] = await one.write();
		const [self, event, ctx] = await promise;
		assert.equal(self, one.broker.getLocalService("reader"));
		assert.equal(event.id, id);
		assert.equal(event.source, "/souk/notes");
		assert.deepEqual(event.data, { userId: "u0" });
		assert.equal("published" in event, false);
		assert.equal(ctx.eventName, "user.deleted");
		assert.deepEqual(ctx.eventGroups, ["reader"]);
		assert.equal(ctx.service, self);
	});

	it("each group gets every event, whatever the others do", async () => {
		const [left, right] = [new Seen(), new Seen()];
		const one = await node(await newWorld(), [counting(left, "left"), counting(right, "right")]);
		const ids = (await Promise.all(Array.from({ length: 10 }, () => one.write()))).flat();
		await Promise.all([left.all(ids), right.all(ids)]);
		await settled(one);
		assert.deepEqual([left.total, right.total], [10, 10]);
	});

	it("the bus knows which events nobody will ever ask for: in one process only, and once all have subscribed", async () => {
		const { broker } = await node(await newWorld(), [counting(new Seen())]);
		const service = broker.services.find((one) => (one as Service & { bus?: object }).bus) as Service & { bus: Bus };
		assert.equal(service.bus.wants("user.deleted"), true);
		assert.equal(service.bus.wants("order.shipped"), kind === "cluster");
	});

	it("the request and the trace that caused it travel with it", async () => {
		const { promise, resolve } = Promise.withResolvers<{ ctx: Context; scope: Scope | undefined }>();
		const handler = (_event: unknown, ctx: unknown) => resolve({ ctx: ctx as Context, scope: currentScope() });
		const one = await node(await newWorld(), [{ name: "reader", handler }]);
		const cause = { requestid: "r-1", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
		await createEntity<Note>(one.notes, { _id: newId() }, drafts(1), { at: clock.now(), ...cause });
		const { ctx, scope } = await promise;
		assert.deepEqual({ meta: ctx.meta, requestID: ctx.requestID }, { meta: { requestId: "r-1" }, requestID: "r-1" });
		const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
		assert.deepEqual(scope, { requestId: "r-1", trace });
	});

	it("entries without a durable block stay Moleculer's own events, in the same service", async () => {
		const world = await newWorld();
		const [durable, plain] = [new Seen(), new Seen()];
		const broker = new ServiceBroker({ ...quiet });
		broker.createService({
			name: "both",
			mixins: [durableEvents(world)],
			events: {
				"user.deleted": { durable: {}, handler: (ctx: Context<DomainEvent>) => void durable.add(ctx.params.id) },
				"user.registered": (ctx: Context<{ name: string }>) => void plain.add(ctx.params.name),
			},
		});
		await broker.start();
		try {
			await broker.emit("user.registered", { name: "Ada" });
			await broker.emit("user.deleted", { id: "not over the bus" });
			await plain.all(["Ada"]);
			assert.deepEqual(durable.names, []);
		} finally {
			await broker.stop();
		}
	});

	it("events that were written while nobody was there are delivered when somebody is", async () => {
		const world = await newWorld();
		const store = await openStore<{ notes: Note }>({ collections: { notes: noteSpec }, profile: world.profile });
		// A writer that died between its write and its publish leaves exactly this.
		await createEntity<Note>(store.notes, { _id: "orphan" }, drafts(3), { at: clock.now() });
		await store.close();
		const seen = new Seen();
		const one = await node(world, [counting(seen)]);
		await seen.all([0, 1, 2].map((index) => `notes.orphan.1.${index}`));
		await settled(one);
		assert.equal(seen.total, 3);
	});

	it("an event that is handed over twice is handled once", async () => {
		const seen = new Seen();
		const one = await node(await newWorld(), [counting(seen)]);
		const ids = await one.write();
		const [entity] = await one.notes.find({});
		one.bus.publish("notes", entity?._id ?? "", entity?.outbox ?? []);
		await seen.all(ids);
		await settled(one);
		one.bus.publish("notes", entity?._id ?? "", entity?.outbox ?? []);
		await seen.all(await one.write());
		assert.equal(seen.total, 2);
	});

	it("a stop waits for the handlers in flight", async () => {
		const world = await newWorld();
		const started = Promise.withResolvers<void>();
		const finish = Promise.withResolvers<void>();
		const seen = new Seen();
		const handler = async (event: DomainEvent): Promise<void> => {
			started.resolve();
			await finish.promise;
			seen.add(event.id);
		};
		const one = await node(world, [{ name: "reader", handler }]);
		const [id = ""] = await one.write();
		await started.promise;
		const stopped = one.stop().then(() => seen.of(id));
		setImmediate(() => finish.resolve());
		assert.equal(await stopped, 1);
		const again = new Seen();
		const two = await node(world, [counting(again)]);
		const [next = ""] = await two.write();
		await again.all([next]);
		assert.deepEqual(again.names, [next], "what was finished during the stop does not come again");
	});

	it("when everything stops, a handler can still use the other services' stores until it is done", async () => {
		const world = await newWorld();
		const started = Promise.withResolvers<void>();
		const finish = Promise.withResolvers<void>();
		const written = Promise.withResolvers<string[]>();
		const handler = async (): Promise<void> => {
			started.resolve();
			await finish.promise;
			written.resolve(await one.write());
		};
		const one = await node(world, [{ name: "reader", handler }]);
		await one.write();
		await started.promise;
		const stopped = one.stop(); // of the service that writes as well, which has nothing in flight of its own
		setTimeout(() => finish.resolve(), 200);
		await stopped;
		const again = new Seen();
		const two = await node(world, [counting(again)]);
		await again.all(await written.promise);
		await settled(two);
		assert.deepEqual(again.names, await written.promise);
	});

	it("an event that a later change of the same entity brings is not lost beside the first", async () => {
		const seen = new Seen();
		const one = await node(await newWorld(), [counting(seen)]);
		const ids = await one.write();
		const [entity] = await one.notes.find({});
		assert.ok(entity);
		for (let change = 0; change < 8; change++) ids.push(...(await touch(one.notes, entity._id)));
		await seen.all(ids);
		await settled(one);
		assert.equal(seen.total, ids.length);
	});
});

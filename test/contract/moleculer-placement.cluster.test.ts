import assert from "node:assert/strict";
import {
	type BrokerOptions,
	type CallingOptions,
	type Context,
	Errors,
	type Middleware,
	type Service,
	type ServiceBroker,
} from "moleculer";
import { Brokers } from "../support/brokers.ts";
import { needs, type RunningServer, startNats } from "../support/servers.ts";
import { until } from "../support/until.ts";

// What middlewares/placement.ts and mixins/placement/ lean on.

type Options = (CallingOptions & { ctx?: unknown; parentCtx?: unknown }) | undefined;
type Call = (name: string, params?: unknown, options?: Options) => Promise<unknown>;

describe("Moleculer: calls that name their node, and what nodes tell each other", () => {
	const brokers = new Brokers();
	let nats: RunningServer | undefined;
	let local: ServiceBroker;
	let remote: ServiceBroker;
	/** What the hook saw, and where it sends calls. */
	const seen: { name: string; options: Options }[] = [];
	let target: string | undefined;
	let fails = 0;

	const hook: Middleware = {
		name: "Hook",
		call: ((next: Call): Call =>
			(name, params, options) => {
				if (!name.startsWith("chat.")) return next(name, params, options);
				seen.push({ name, options });
				return next(name, params, target === undefined ? options : { ...options, nodeID: target });
			}) as unknown as NonNullable<Middleware["call"]>,
	};

	const chat = () => ({
		name: "chat",
		actions: {
			where: {
				stream: { param: "id", prefix: "g-" },
				choose: () => "a function",
				handler(this: Service): string {
					if (fails > 0) {
						fails -= 1;
						throw new Errors.MoleculerRetryableError("again", 500, "AGAIN");
					}
					return this.broker.nodeID;
				},
			},
			nested: (ctx: Context) => ctx.call("chat.where"),
			itself(this: Service) {
				return (this.actions as Record<string, () => Promise<string>>).where?.();
			},
		},
	});

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats");
		nats = await startNats();
		const options: BrokerOptions = {
			transporter: { type: "NATS", options: { url: nats.url } },
			namespace: `contract-placement-${process.pid}`,
			retryPolicy: { enabled: true, retries: 2, delay: 1 },
			registry: { preferLocal: true },
			middlewares: [hook],
		};
		const breaker = {
			enabled: true,
			threshold: 0.5,
			windowTime: 60,
			minRequestCount: 2,
			halfOpenTime: 60_000,
			check: () => true,
		};
		local = await brokers.start({ ...options, nodeID: "local", circuitBreaker: breaker }, chat());
		remote = await brokers.start({ ...options, nodeID: "remote", metadata: { door: "first" } }, chat());
		await until(
			"both to be seen",
			async () => nodesWithChat(local),
			(nodes) => nodes.length === 2,
		);
	});
	beforeEach(() => {
		seen.length = 0;
		target = undefined;
		fails = 0;
	});
	after(async () => {
		await brokers.stopAll();
		await nats?.stop();
	});

	const nodesWithChat = (broker: ServiceBroker): string[] =>
		(broker.registry.getServiceList({ onlyAvailable: true }) as unknown as { name: string; nodeID: string }[])
			.filter(({ name }) => name === "chat")
			.map(({ nodeID }) => nodeID);

	it("a nodeID that a synchronous call hook adds wins over preferLocal, in nested calls too", async () => {
		assert.equal(await local.call("chat.where"), "local");
		target = "remote";
		assert.equal(await local.call("chat.where"), "remote");
		target = undefined;
		seen.length = 0;
		await local.call("chat.nested");
		assert.deepEqual(
			seen.map(({ name }) => name),
			["chat.nested", "chat.where"],
		);
		assert.ok(seen[1]?.options?.parentCtx);
	});

	it("a retry runs the hook again, with the context and without the node", async () => {
		fails = 1;
		assert.equal(await local.call("chat.where", {}, { nodeID: "local" }), "local");
		assert.equal(seen.length, 2);
		assert.equal(seen[0]?.options?.nodeID, "local");
		assert.equal(seen[1]?.options?.nodeID, undefined);
		assert.ok(seen[1]?.options?.ctx);
	});

	it("a node that is not there is an error at once, without a retry", async () => {
		target = "nobody";
		await assert.rejects(local.call("chat.where"), { name: "ServiceNotFoundError", type: "SERVICE_NOT_FOUND" });
		assert.equal(seen.length, 1);
	});

	it("this.actions.x() passes the hook by", async () => {
		target = "local";
		assert.equal(await local.call("chat.itself"), "local");
		assert.deepEqual(
			seen.map(({ name }) => name),
			["chat.itself"],
		);
	});

	it("members of an action's definition travel to the other nodes, functions do not", () => {
		const { endpoints } = local.registry.actions.get("chat.where") as unknown as {
			endpoints: { id: string; action: Record<string, unknown> }[];
		};
		const there = endpoints.find(({ id }) => id === "remote")?.action;
		assert.deepEqual(there?.stream, { param: "id", prefix: "g-" });
		assert.equal(there?.choose, undefined);
	});

	it("metadata travel with a service that starts later", async () => {
		const metadataOf = (id: string): unknown =>
			(
				local.registry.getNodeList({ onlyAvailable: true, withServices: false }) as unknown as { id: string; metadata: unknown }[]
			).find((node) => node.id === id)?.metadata;
		assert.deepEqual(metadataOf("remote"), { door: "first" });
		remote.metadata.door = "second";
		remote.createService({ name: "later" });
		await local.waitForServices("later", 10_000);
		assert.deepEqual(metadataOf("remote"), { door: "second" });
		assert.equal(local.metadata.door, undefined);
	});

	it("a node whose circuit is open is as good as not there for a call that names it", async () => {
		fails = 20;
		for (let count = 0; count < 3; count++) await assert.rejects(local.call("chat.where", {}, { nodeID: "remote", retries: 0 }));
		fails = 0;
		const before = seen.length;
		await assert.rejects(local.call("chat.where", {}, { nodeID: "remote" }), { type: "SERVICE_NOT_FOUND" });
		assert.equal(seen.length, before + 1);
		const list = local.registry.actions.get("chat.where") as unknown as { getEndpointByNodeID(id: string): unknown };
		assert.equal(list.getEndpointByNodeID("remote"), null);
	});

	it("a node that stops takes its services back first, while it is still there, and stops its middlewares from the last to the first", async () => {
		const order: string[] = [];
		const seenAt = Promise.withResolvers<{ services: string[]; nodes: string[] }>();
		const named = (name: string, work: () => Promise<void> = async () => undefined): Middleware =>
			((broker: ServiceBroker) => ({
				stopping: async () => {
					order.push(`${name} of ${broker.nodeID}`);
					await work();
				},
			})) as unknown as Middleware;
		const look = async (): Promise<void> => {
			const services = await until(
				"its services to be gone",
				async () => nodesWithChat(local),
				(nodes) => !nodes.includes("third"),
			);
			const nodes = local.registry.getNodeList({ onlyAvailable: true, withServices: false }) as unknown as { id: string }[];
			seenAt.resolve({ services, nodes: nodes.map(({ id }) => id) });
		};
		const { transporter, namespace } = local.options;
		const third = await brokers.start(
			{
				...(transporter ? { transporter } : {}),
				...(namespace ? { namespace } : {}),
				nodeID: "third",
				middlewares: [named("first", look), named("last")],
			},
			chat(),
		);
		await until(
			"it to be seen",
			async () => nodesWithChat(local),
			(nodes) => nodes.includes("third"),
		);
		await third.stop();
		assert.ok((await seenAt.promise).nodes.includes("third"));
		assert.deepEqual(order, ["last of third", "first of third"]);
	});
});

import type { Context, Service, ServiceSchema } from "moleculer";
import Type from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import {
	adminRoutes,
	type ConnectionView,
	type NodeView,
	type OutboxView,
	type RingView,
	type StreamView,
} from "../../contracts/http/admin.ts";
import { adminOf } from "../../mixins/call-meta/call-meta.ts";
import type { OutboxState } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { ServiceHealth } from "../../mixins/health/health.mixin.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { nodePlacement } from "../../mixins/placement/node-placement.ts";
import { routeActions } from "../../mixins/route-actions/route-actions.ts";
import { type ConnectionsParams, mergeConnections } from "../../mixins/streams/connection-list.ts";
import { type RingName, ringNames, ringOf } from "../../realtime/ring.ts";

// What operators see of the cluster, as the node of this gateway sees it. Member by member: what nodes tell each other holds secrets.

const routeAction = routeActions<Service>("gateway", adminRoutes);

type Call<Params> = Context<Params, CallMeta>;

interface SeenNode {
	id: string;
	available: boolean;
	hostname: string | null;
	cpu: number | null;
}

interface NodeHealth {
	process: { memory: { rss: number }; uptime: number };
}

/** A node that is stopped is listed for some seconds, and must not hold up the list. */
const answerMs = 1_000;

const nodesIn = ({ broker }: Service): SeenNode[] =>
	broker.registry.getNodeList({ onlyAvailable: false, withServices: false }) as unknown as SeenNode[];

const servicesOn = ({ broker }: Service, id: string): string[] => {
	const all = broker.registry.getServiceList({ onlyAvailable: true, skipInternal: true }) as unknown as { name: string; nodeID: string }[]; // biome-ignore format: one line
	return [...new Set(all.filter(({ nodeID }) => nodeID === id).map(({ name }) => name))].sort();
};

/** Whether the service there tells of its health; the gateway's own is that of the whole. */
const tellsHealth = ({ broker }: Service, name: string, nodeId: string): boolean => {
	const found = broker.registry.actions.get(`${name}.health`) as unknown as { getEndpointByNodeID(id: string): object | null } | undefined; // biome-ignore format: one line
	return name !== "gateway" && Boolean(found?.getEndpointByNodeID(nodeId));
};

const askNode = async (service: Service, ctx: Call<unknown>, id: string, names: readonly string[]) => {
	const there = { nodeID: id, timeout: answerMs, retries: 0 };
	const asked = names.filter((name) => tellsHealth(service, name, id));
	const [health, services] = await Promise.all([
		ctx.call<NodeHealth, object>("$node.health", {}, there),
		Promise.all(asked.map((name) => ctx.call<ServiceHealth, object>(`${name}.health`, {}, there))),
	]);
	const { memory, uptime } = health.process;
	return { ready: services.every(({ ok }) => ok), memory: memory.rss, uptime: Math.floor(uptime) };
};

const silent = { ready: false, memory: null, uptime: null };

const nodeView = async (service: Service, ctx: Call<unknown>, { id, available, hostname, cpu }: SeenNode): Promise<NodeView> => {
	const services = available ? servicesOn(service, id) : [];
	// Why it does not answer is in its own log; that it does not is the news here.
	const told = available ? await askNode(service, ctx, id, services).catch(() => silent) : silent;
	const peer = nodePlacement(service.broker)
		.placement.peers()
		.find((one) => one.id === id);
	return {
		id,
		available,
		services,
		...(hostname && { hostname }),
		...(available && peer && { sockets: { address: peer.address, rings: [...peer.rings] } }),
		cpu,
		...told,
	};
};

const Position = Type.Object({ node: Type.String() });

async function nodes(this: Service, ctx: Call<{ limit?: number; cursor?: string }>): Promise<PageOf<NodeView>> {
	adminOf(ctx);
	const { limit = defaultLimit, cursor } = ctx.params;
	const after = cursor === undefined ? "" : decodeCursor(cursor, Position).node;
	const all = nodesIn(this).filter(({ id }) => id > after);
	const page = toPage(all.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit + 1), limit, (node) => node, ({ id }) => ({ node: id })); // biome-ignore format: one line
	return { ...page, items: await Promise.all(page.items.map((node) => nodeView(this, ctx, node))) };
}

async function drainNode(this: Service, ctx: Call<{ id: string }>): Promise<{ id: string }> {
	adminOf(ctx);
	const { id } = ctx.params;
	if (!nodesIn(this).some((node) => node.id === id && node.available)) throw new DomainError("NOT_FOUND");
	// One of them speaks for the node.
	const ring = servicesOn(this, id).find((name) => ringNames.includes(name as RingName));
	if (ring === undefined) throw new DomainError("TRANSITION_REFUSED", "This node takes no streams");
	await ctx.call(`${ring}.handOver`, {}, { nodeID: id });
	return { id };
}

async function ring(this: Service, ctx: Call<{ stream_id?: string }>): Promise<RingView> {
	adminOf(ctx);
	const { placement } = nodePlacement(this.broker);
	const nodeAt = new Map(placement.peers().map(({ id, address }) => [address, id]));
	const members = (name: RingName) => placement.members(name).map((address) => ({ node: nodeAt.get(address) ?? "", address }));
	const { stream_id: id } = ctx.params;
	const owner = id === undefined ? null : placement.target(id);
	return {
		node: this.broker.nodeID,
		settled: placement.settled,
		rings: { chat: members("chat"), notification: members("notification") },
		suspects: [...placement.suspected()],
		...(id !== undefined && { stream: { id, ring: ringOf(id), owner: owner && { node: owner.id, address: owner.address } } }),
	};
}

const OutboxPosition = Type.Object({ outbox: Type.String() });

const nameOf = ({ service, collection }: OutboxView): string => `${service}/${collection}`;

async function outboxes(this: Service, ctx: Call<{ limit?: number; cursor?: string }>): Promise<PageOf<OutboxView>> {
	adminOf(ctx);
	const { limit = defaultLimit, cursor } = ctx.params;
	const after = cursor === undefined ? "" : decodeCursor(cursor, OutboxPosition).outbox;
	const { registry } = this.broker;
	const services = registry.getServiceList({ onlyAvailable: true, skipInternal: true }) as unknown as { name: string }[];
	const names = [...new Set(services.map(({ name }) => name))].filter((name) =>
		registry.actions.isAvailable(`${name}.outboxStates`),
	);
	const states = names.map(async (service) =>
		(await ctx.call<OutboxState[], object>(`${service}.outboxStates`, {})).map((state) => ({ service, ...state })),
	);
	const rows = (await Promise.all(states)).flat().filter((row) => nameOf(row) > after);
	rows.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
	return toPage(rows.slice(0, limit + 1), limit, (row) => row, (row) => ({ outbox: nameOf(row) })); // biome-ignore format: one line
}

/** Services with sockets that are there. One that runs nowhere has no connections. */
const withSockets = ({ broker }: Service, action: string): RingName[] =>
	ringNames.filter((name) => broker.registry.actions.isAvailable(`${name}.${action}`));

async function connections(this: Service, ctx: Call<ConnectionsParams>): Promise<PageOf<ConnectionView>> {
	adminOf(ctx);
	const ask = (name: RingName) => ctx.call<PageOf<ConnectionView>, ConnectionsParams>(`${name}.connections`, ctx.params);
	return mergeConnections(await Promise.all(withSockets(this, "connections").map(ask)), ctx.params.limit);
}

function stream(this: Service, ctx: Call<{ id: string }>): Promise<StreamView> {
	adminOf(ctx);
	return ctx.call(`${ringOf(ctx.params.id)}.stream`, ctx.params);
}

export const operating: Partial<ServiceSchema> = {
	actions: {
		connections: routeAction("connections", connections),
		stream: routeAction("stream", stream),
		nodes: routeAction("nodes", nodes),
		drainNode: routeAction("drainNode", drainNode),
		ring: routeAction("ring", ring),
		outboxes: routeAction("outboxes", outboxes),
	},
};

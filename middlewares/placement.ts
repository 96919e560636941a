import type { CallingOptions, Context, Middleware, ServiceBroker } from "moleculer";
import { nodePlacement } from "../mixins/placement/node-placement.ts";
import { stopsFirst } from "./drain.ts";

/**
 * Where an action finds the stream that it works on: `stream: { param: "conversation" }` in its definition. Data, because the definition
 * travels to the callers' nodes. Such an action is called on the node that owns the stream, while that offers it.
 */
export interface ActionStream {
	/** The member of the params that holds the id of the stream, or what stands after `prefix` in it. */
	param?: string;
	/** Instead of a param: the id of the user who calls. */
	caller?: true;
	prefix?: string;
}

type Options = CallingOptions & { ctx?: Context<unknown, Meta>; parentCtx?: Context<unknown, Meta> };
type Call = (name: string, params?: unknown, options?: Options) => Promise<unknown>;

interface Meta {
	user?: { id?: unknown };
}

interface Endpoints {
	endpoints: readonly { action: { stream?: ActionStream } }[];
	/** Null if it is not there or its circuit is open. */
	getEndpointByNodeID(nodeId: string): object | null;
}

const callerOf = (options: Options | undefined): unknown =>
	options?.ctx?.meta.user?.id ?? (options?.meta as Meta | undefined)?.user?.id ?? options?.parentCtx?.meta.user?.id;

const streamIn = (spec: ActionStream, params: unknown, options: Options | undefined): string | null => {
	const part = spec.caller ? callerOf(options) : (params as Record<string, unknown> | undefined)?.[spec.param ?? ""];
	return typeof part === "string" && part !== "" ? `${spec.prefix ?? ""}${part}` : null;
};

/** The likeliest owner that offers the action now. Undefined: Moleculer chooses, or says that there is nobody. */
const nodeFor = (broker: ServiceBroker, name: string, params: unknown, options: Options | undefined): string | undefined => {
	const found = broker.registry.actions.get(name) as unknown as Endpoints | undefined;
	const spec = found?.endpoints[0]?.action.stream;
	const stream = spec ? streamIn(spec, params, options) : null;
	if (!found || stream === null) return undefined;
	for (const { id } of nodePlacement(broker).placement.candidates(stream)) if (found.getEndpointByNodeID(id)) return id;
	return undefined;
};

/**
 * Sends calls on a stream to the node that owns it. Asked anew for each try: a retry goes to whoever owns the stream by then. Not asked
 * for `this.actions.x()`, which stays in the process, nor for a call that names its node.
 */
export const placement = (): Middleware => forBroker as unknown as Middleware; // Moleculer takes functions too; its types do not say so

const forBroker = (broker: ServiceBroker): Middleware => {
	const node = nodePlacement(broker);
	let closed: Promise<void> | undefined;
	const place =
		(next: Call): Call =>
		(name, params, options) => {
			const nodeID = options?.nodeID ? undefined : nodeFor(broker, name, params, options);
			return next(name, params, nodeID === undefined ? options : { ...options, nodeID });
		};
	return {
		call: place as unknown as NonNullable<Middleware["call"]>, // declared as the result of a call, not as a wrapper of it
		started() {
			node.started();
			return Promise.resolve();
		},
		// Listed after drain(), so before its hook: services hand over and HTTP servers wait for their last connection while the door ends its own.
		...stopsFirst("Placement", async () => {
			closed = node.close();
		}),
		async stopped() {
			await closed;
		},
	};
};

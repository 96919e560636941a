import type { ActionHandler, Context, Middleware, ServiceBroker } from "moleculer";
import type { TracingProfile } from "../config/profile-type.ts";
import { currentScope } from "../mixins/tracing/scope.ts";
import { inSpan } from "../mixins/tracing/spans.ts";
import { openTracing, type Tracing } from "../mixins/tracing/tracing.ts";
import { carryTrace } from "./request-id.ts";

// Spans of calls: one where the work is done, and if that is on another node one of the wait for it. Only where traces are exported; within
// requestId(), which knows what a call belongs to.

export interface TracingOptions {
	profile: TracingProfile;
	/** Those of this process; "all" is Souk as a whole. */
	services: readonly string[] | "all";
}

type Wrapped = (ctx: Context) => Promise<unknown>;

const system = "moleculer";

const attributesOf = (name: string) => {
	const dot = name.lastIndexOf(".");
	return { "rpc.system": system, "rpc.service": name.slice(0, dot), "rpc.method": name.slice(dot + 1) };
};

/** Null for Moleculer's own. */
const nameOf = ({ name }: { name?: string }): string | null => (name === undefined || name.startsWith("$") ? null : name);

/** Of a call that came from another node: the Context has the caller's id, and an endpoint here. */
const isFromElsewhere = ({ nodeID, broker }: Context): boolean => nodeID !== broker.nodeID;

export const tracing = ({ profile, services }: TracingOptions): Middleware => {
	let opening: Promise<Tracing> | undefined;
	return {
		name: "Tracing",
		created(broker: ServiceBroker) {
			const resource = {
				"service.name": services === "all" ? "souk" : `souk-${services.join("-")}`,
				"service.instance.id": broker.nodeID,
			};
			opening = openTracing(profile, resource, broker.getLogger("traces"));
			opening.catch(() => undefined); // told to who waits for it below
		},
		async starting() {
			await opening;
		},
		localAction(next: ActionHandler, action) {
			const name = nameOf(action);
			if (name === null) return next;
			const attributes = attributesOf(name);
			const handler = next as unknown as Wrapped; // Moleculer's type speaks of `this`, which is bound by then
			return (ctx: Context) => {
				if (!currentScope()?.trace.sampled) return handler(ctx);
				return inSpan({ name, kind: isFromElsewhere(ctx) ? "server" : "internal", attributes }, () => handler(ctx));
			};
		},
		remoteAction(next: ActionHandler, action) {
			const name = nameOf(action);
			if (name === null) return next;
			const attributes = attributesOf(name);
			const handler = next as unknown as Wrapped;
			return (ctx: Context) => {
				if (!currentScope()?.trace.sampled) return handler(ctx);
				return inSpan({ name, kind: "client", attributes }, () => {
					carryTrace(ctx);
					return handler(ctx);
				});
			};
		},
		async stopped() {
			const open = await opening?.catch(() => undefined);
			await open?.close();
		},
	};
};

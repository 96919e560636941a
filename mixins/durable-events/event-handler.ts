import type { Context, EventEndpoint, EventSchema, Service } from "moleculer";
import { type Scope, scopeFrom } from "../tracing/scope.ts";
import { inSpanOf } from "../tracing/spans.ts";
import type { DurableEntry } from "./durable-entries.ts";
import type { Delivery } from "./port.ts";

/** What Moleculer keeps to itself: its middlewares' hooks. */
interface WithMiddlewares {
	middlewares: {
		wrapHandler(
			hook: string,
			handler: (ctx: Context) => Promise<unknown>,
			definition: EventSchema,
		): (ctx: Context) => Promise<unknown>;
	};
}

/** Failures by context: a middleware (Moleculer's error handler above all) may swallow one, and then the event would count as handled. */
type Failures = WeakMap<Context, unknown>;

const innermost =
	(service: Service, { handlers }: DurableEntry, failures: Failures) =>
	async (ctx: Context): Promise<void> => {
		try {
			await Promise.all(handlers.map((handler) => handler.call(service, ctx as never)));
		} catch (error) {
			failures.set(ctx, error);
			throw error;
		}
	};

const contextFor = (
	service: Service,
	definition: EventSchema,
	group: string,
	{ event }: Delivery,
	{ requestId }: Scope,
): Context => {
	const { broker } = service;
	const endpoint = { id: broker.nodeID, event: definition, broker, service, node: null, local: true, state: true };
	const ctx: Context = broker.ContextFactory.create(broker, endpoint as unknown as EventEndpoint, event, {
		meta: event.requestid ? { requestId: event.requestid } : {},
		requestID: requestId,
		tracking: false, // the bus waits for its handlers itself, and a service that is never idle would time out Moleculer's wait
	});
	ctx.eventName = event.type;
	ctx.eventType = "emit";
	ctx.eventGroups = [group];
	return ctx;
};

/**
 * Calls the service's handler as Moleculer would call an event handler: with a context, through the `localEvent` middlewares
 * (the tracker that a stop waits for), `this` being the service, as a part of the trace that the event belongs to. Rejects when the handler has.
 */
export const eventHandler = (service: Service, entry: DurableEntry, group: string): ((delivery: Delivery) => Promise<void>) => {
	const failures: Failures = new WeakMap();
	const definition = { ...entry.definition, name: entry.type, service } as EventSchema;
	const { middlewares } = service.broker as unknown as WithMiddlewares;
	const wrapped = middlewares.wrapHandler("localEvent", innermost(service, entry, failures), definition);
	const attributes = {
		"messaging.system": service.broker.options.transporter ? "nats" : "local",
		"messaging.operation.type": "process",
		"messaging.destination.name": entry.type,
		"messaging.consumer.group.name": group,
	};
	return (delivery) => {
		const { event, traceparent = event.traceparent } = delivery;
		const scope = scopeFrom(event.requestid, traceparent);
		return inSpanOf(scope, { name: `${entry.type} process`, kind: "consumer", attributes }, async () => {
			const ctx = contextFor(service, definition, group, delivery, scope);
			await wrapped(ctx);
			if (failures.has(ctx)) throw failures.get(ctx);
		});
	};
};

import { AsyncLocalStorage } from "node:async_hooks";
import type { CallingOptions, Middleware } from "moleculer";

type Call = (name: string, params?: unknown, options?: CallingOptions) => Promise<unknown>;

const current = new AsyncLocalStorage<string>();

/** The id of the HTTP request (or other root call) that this code runs for, wherever it runs; undefined in timers and at start. */
export const currentRequestId = (): string | undefined => current.getStore();

/** Runs `work` on behalf of a request: for work that did not begin with a call, such as a durable event that a request caused. */
export const withRequestId = <T>(id: string, work: () => T): T => current.run(id, work);

// Moleculer takes the id of a root call for its request's: a broker.call() made on behalf of a request is no new one.
const ofTheRequest =
	(next: Call): Call =>
	(name, params, options) => {
		const id = options?.parentCtx || options?.requestID ? undefined : current.getStore();
		return next(name, params, id === undefined ? options : { ...options, requestID: id });
	};

/** One id from the edge to the last call, and at the end of every line that is logged on the way. */
export const requestId = (): Middleware => ({
	name: "RequestId",
	call: ofTheRequest as unknown as NonNullable<Middleware["call"]>, // declared as the result of a call, not as a wrapper of it
	// `bind` only satisfies the declared type: Moleculer has bound the handler to its service before any middleware sees it.
	localAction(next) {
		const action = next.bind(undefined as never);
		return (ctx) => {
			// this.actions.x() does not pass the `call` hook.
			if (ctx.requestID === ctx.id) ctx.requestID = current.getStore() ?? ctx.id;
			const id = ctx.requestID ?? ctx.id;
			return id === current.getStore() ? action(ctx) : current.run(id, () => action(ctx));
		};
	},
	newLogEntry: (_type, args) => {
		const id = current.getStore();
		if (id !== undefined) args.push({ requestId: id });
	},
});

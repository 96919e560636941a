import type { ActionHandler, ActionSchema, Context } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { paramsOf } from "../../contracts/http/params.ts";
import type { Route } from "../../contracts/http/route.ts";
import type { ActionStream } from "../../middlewares/placement.ts";
import { typed } from "../../middlewares/typebox-validator.ts";

/** A handler of a service: `this` is set by Moleculer. */
export type Handler<This, Params, Answer> = (this: This, ctx: Context<Params, CallMeta>) => Promise<Answer>;

/**
 * What turns a handler into the action that a route names: published, and held to the schemas of the route whoever calls it.
 * `stream`: it is called where that stream is. Throws, when the module is loaded, for an action that no route leads to. The cast is for `this`: a mixin cannot tell Moleculer's
 * types which service it will be part of.
 */
export const routeActions =
	<This>(service: string, routes: readonly Route[]) =>
	<Params, Answer>(name: string, handler: Handler<This, Params, Answer>, stream?: ActionStream): ActionSchema => ({
		...(stream && { stream }),
		visibility: "published",
		params: typed(paramsOf(routes, `${service}.${name}`)),
		handler: handler as unknown as ActionHandler,
	});

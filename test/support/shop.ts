import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { IdParams } from "../../contracts/http/common.ts";
import type { Route } from "../../contracts/http/index.ts";
import { operationRoutes } from "../../contracts/http/operations.ts";

// A service of a few routes that shows what reached it, for tests of the gateway alone.

const Thing = Type.Object(
	{ id: Type.String(), name: Type.String(), version: Type.Integer({ minimum: 1 }) },
	{ $id: "Thing", description: "A thing" },
);
const Seen = Type.Object({ params: Type.Unknown(), meta: Type.Unknown() });

const tag = "shop";
const base = { tag, auth: "user", status: 200, answer: Seen, summary: "Shows what reached it" } as const;

export const shopRoutes: readonly Route[] = [
	...operationRoutes,
	{
		...base,
		method: "GET",
		path: "/v1/things",
		action: "shop.list",
		query: Type.Object({
			limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
			deep: Type.Optional(Type.Boolean()),
			q: Type.Optional(Type.String({ maxLength: 5 })),
		}),
	},
	{ ...base, method: "GET", path: "/v1/things/:id", action: "shop.get", params: IdParams, answer: Thing, entity: true },
	{ ...base, method: "GET", path: "/v1/things/special", action: "shop.special" },
	{
		...base,
		method: "POST",
		path: "/v1/things",
		action: "shop.make",
		body: Type.Object({
			name: Type.String({ minLength: 1, maxLength: 10 }),
			tags: Type.Optional(Type.Array(Type.Object({ word: Type.String() }))),
			id: Type.Optional(Type.String()),
		}),
		status: 201,
		answer: Thing,
		entity: true,
		location: "/v1/things/{id}",
		idempotent: true,
	},
	{
		...base,
		method: "PUT",
		path: "/v1/things/:id",
		action: "shop.change",
		params: IdParams,
		query: Type.Object({ id: Type.Optional(Type.String()), how: Type.Optional(Type.String()) }),
		body: Type.Object({
			id: Type.Optional(Type.String()),
			how: Type.Optional(Type.String()),
			what: Type.Optional(Type.String()),
		}),
		entity: true,
	},
	{
		...base,
		method: "POST",
		path: "/v1/things/:id/move",
		action: "shop.move",
		params: IdParams,
		body: Type.Optional(Type.Object({ note: Type.Optional(Type.String()) })),
		idempotent: true,
	},
	{ ...base, method: "DELETE", path: "/v1/things/:id", action: "shop.drop", params: IdParams, status: 204, answer: null },
	{ ...base, method: "GET", path: "/v1/sellers", action: "shop.special", auth: ["seller", "admin"] },
	{ ...base, method: "GET", path: "/v1/public", action: "shop.special", auth: "public" },
	{ ...base, method: "POST", path: "/v1/enter", action: "shop.special", auth: "public", limit: "login", body: Type.Object({}) },
	{
		...base,
		method: "POST",
		path: "/v1/hooks/:provider",
		action: "shop.hook",
		auth: "public",
		params: Type.Object({ provider: Type.String() }),
		raw: true,
	},
	{
		...base,
		method: "POST",
		path: "/v1/keys",
		action: "shop.key",
		body: Type.Object({ password: Type.String() }),
		answer: Type.Object({ secret: Type.String() }),
		idempotent: true,
	},
	{ ...base, method: "GET", path: "/v1/fails/:how", action: "shop.fail", params: Type.Object({ how: Type.String() }) },
];

type Call = Context<Record<string, unknown>, CallMeta>;

const see = (ctx: Call) => ({ params: ctx.params, meta: ctx.meta });

const failures: Record<string, () => unknown> = {
	unexpected: () => {
		throw new TypeError("secret: cannot read properties of node-7");
	},
	refused: () => {
		throw new DomainError("TRANSITION_REFUSED", "It was shipped", { from: "shipped", to: "cancelled", allowed: ["deliver"] });
	},
	never: () => new Promise(() => undefined),
	stock: () => {
		throw new DomainError("UNAVAILABLE", undefined, { retryAfter: 7.2 });
	},
};

/** `runs` counts what the service did; `hold` lets a test decide when the making ends. */
export interface Shop {
	schema: ServiceSchema;
	runs: number;
	hold: () => Promise<unknown>;
}

export const shop = (): Shop => {
	const self: Shop = {
		runs: 0,
		hold: async () => undefined,
		schema: {
			name: "shop",
			actions: {
				list(ctx: Call) {
					if (ctx.params.q === "old") ctx.meta.replayed = true;
					if (ctx.params.q === "hit") ctx.meta.cache = "HIT";
					if (ctx.params.q === "other") ctx.meta.status = 202;
					return see(ctx);
				},
				special: see,
				change: see,
				hook: see,
				drop: () => undefined,
				get: ({ params }: Call) => ({ id: params.id, name: "Lamp", version: 3 }),
				async make({ params, meta }: Call) {
					self.runs++;
					await self.hold();
					if (params.name === "refused") throw new DomainError("UNKNOWN_PRODUCT");
					return { id: meta.request?.key, name: params.name, version: 1 };
				},
				async move(ctx: Call) {
					self.runs++;
					if (ctx.meta.ifMatch && ctx.meta.ifMatch !== "*" && !ctx.meta.ifMatch.includes(1))
						throw new DomainError("VERSION_CONFLICT");
					return see(ctx);
				},
				key: () => {
					self.runs++;
					return { secret: `secret ${self.runs}` };
				},
				fail: ({ params }: Call) => failures[String(params.how)]?.(),
			},
		},
	};
	return self;
};

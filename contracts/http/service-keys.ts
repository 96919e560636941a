import Type, { type Static } from "typebox";
import { Id, IdParams, listQuery, Page, Time } from "./common.ts";
import type { Route } from "./route.ts";

const ScopeName = Type.Union([Type.Literal("intake")]);

const shown = {
	id: Id,
	name: Type.String(),
	scopes: Type.Array(ScopeName),
};

/** As the list shows it: nothing in it lets anybody in. */
export const ServiceKeyView = Type.Object(
	{
		...shown,
		createdAt: Time,
		createdBy: Type.String({ description: "Id of the admin who made it" }),
		lastUsedAt: Type.Union([Time, Type.Null()], { description: "To the minute; null: never" }),
	},
	{ $id: "ServiceKey" },
);
export type ServiceKeyView = Static<typeof ServiceKeyView>;

export const NewServiceKey = Type.Object(
	{ ...shown, secret: Type.String({ description: "What goes into `X-Api-Key`. Shown this once, and stored nowhere" }) },
	{ $id: "NewServiceKey" },
);
export type NewServiceKey = Static<typeof NewServiceKey>;

const path = "/v1/admin/keys";
const admins = { tag: "admin", auth: ["admin"] } as const;

/** Keys that programs come in with: part of `authRoutes`. */
export const serviceKeyRoutes: readonly Route[] = [
	{
		...admins,
		method: "GET",
		path,
		action: "auth.listKeys",
		summary: "Service keys of programs",
		description: "Newest first, without those that were revoked.",
		query: Type.Object(listQuery),
		status: 200,
		answer: Page(ServiceKeyView),
	},
	{
		...admins,
		method: "POST",
		path,
		action: "auth.createKey",
		summary: "Make a service key",
		description:
			"A repeat with the same Idempotency-Key is answered for a day, until the key is revoked; after that TRANSITION_REFUSED.",
		body: Type.Object({
			name: Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" }),
			scopes: Type.Array(ScopeName, { minItems: 1, uniqueItems: true }),
		}),
		status: 201,
		answer: NewServiceKey,
		idempotent: true,
		errors: ["TRANSITION_REFUSED"],
	},
	{
		...admins,
		method: "DELETE",
		path: `${path}/:id`,
		action: "auth.revokeKey",
		summary: "Revoke a service key, on every node at once",
		params: IdParams,
		status: 204,
		answer: null,
		errors: ["NOT_FOUND"],
	},
];

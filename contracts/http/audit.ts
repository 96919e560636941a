import Type from "typebox";
import { AuditEntry, auditOutcomes } from "../audit.ts";
import { listQuery, Page } from "./common.ts";
import type { Route } from "./route.ts";

/**
 * Whether it changes something as only administrators may: it is written down before it is done (middlewares/audit.ts). Not where
 * programs come in as well: what they hand in is the business of every day.
 */
export const isAdminChange = ({ method, auth, scopes }: Route): boolean =>
	method !== "GET" && Array.isArray(auth) && auth.every((role) => role === "admin") && scopes === undefined;

const text = Type.String({ minLength: 1, maxLength: 200 });

/** Part of `authRoutes`. */
export const auditRoutes: readonly Route[] = [
	{
		tag: "admin",
		auth: ["admin"],
		method: "GET",
		path: "/v1/admin/audit",
		action: "auth.audit",
		summary: "What administrators changed or tried to, the newest first",
		description: "Written down before it is done. Nobody can change or remove an entry.",
		query: Type.Object({
			actor: Type.Optional(text),
			action: Type.Optional(text),
			target: Type.Optional(text),
			outcome: Type.Optional(Type.Enum([...auditOutcomes])),
			...listQuery,
		}),
		status: 200,
		answer: Page(AuditEntry),
	},
];

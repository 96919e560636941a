import Type from "typebox";
import { Id, listQuery, Page, Time } from "./common.ts";
import type { Route } from "./route.ts";

const Check = Type.Object({ name: Type.String(), ok: Type.Boolean(), detail: Type.Optional(Type.String()) });
const Consumer = Type.Object({
	group: Type.String(),
	service: Type.String(),
	ok: Type.Boolean(),
	lag: Type.Integer({
		description: "Events that wait for this group; of the change feed (`cdc.<collection>`) by how many seconds it is behind",
	}),
	inFlight: Type.Integer(),
	detail: Type.Optional(Type.String()),
});
export const Health = Type.Object(
	{
		status: Type.Union([Type.Literal("ok"), Type.Literal("degraded")]),
		uptime: Type.Integer({ description: "Seconds" }),
		version: Type.String(),
		checks: Type.Array(Check),
		consumers: Type.Array(Consumer),
	},
	{ $id: "Health" },
);

export const DeadLetter = Type.Object(
	{
		id: Type.String(),
		group: Type.String(),
		subject: Type.String({ description: "The original subject" }),
		entity: Type.String(),
		eventId: Type.String(),
		error: Type.String(),
		tries: Type.Integer(),
		firstAt: Time,
		lastAt: Time,
		event: Type.Unknown({ description: "The event, or the document that could not be taken in" }),
	},
	{ $id: "DeadLetter" },
);

const LetterParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200, pattern: "^[A-Za-z0-9_.:-]+$" }) });
const tag = "admin";
export const operationRoutes: readonly Route[] = [
	{
		method: "GET",
		path: "/health/live",
		action: "gateway.live",
		summary: "The process answers",
		tag: "health",
		auth: "public",
		status: 200,
		answer: Type.Object({ status: Type.Literal("ok") }),
	},
	{
		method: "GET",
		path: "/health/ready",
		action: "gateway.ready",
		summary: "Everything it needs answers; 503 if not",
		tag: "health",
		auth: "public",
		status: 200,
		answer: Health,
		errors: ["UNAVAILABLE"],
	},
	{
		method: "GET",
		path: "/health",
		action: "gateway.health",
		summary: "Each dependency and consumer group",
		tag: "health",
		auth: "public",
		status: 200,
		answer: Health,
	},
	{
		method: "GET",
		path: "/v1/health",
		action: "gateway.legacyHealth",
		summary: "Health, as older clients know it",
		tag: "health",
		auth: "public",
		status: 200,
		answer: Type.Object({ status: Type.Literal("success"), data: Health }),
	},
	{
		method: "GET",
		path: "/v1/admin/dead-letters",
		action: "gateway.deadLetters",
		summary: "Events that a group gave up on",
		tag,
		auth: ["admin"],
		query: Type.Object({ group: Type.Optional(Id), ...listQuery }),
		status: 200,
		answer: Page(DeadLetter),
	},
	{
		method: "GET",
		path: "/v1/admin/dead-letters/:id",
		action: "gateway.deadLetter",
		summary: "One of them",
		tag,
		auth: ["admin"],
		params: LetterParams,
		status: 200,
		answer: DeadLetter,
		errors: ["NOT_FOUND"],
	},
	{
		method: "POST",
		path: "/v1/admin/dead-letters/:id/retry",
		action: "gateway.retryDeadLetter",
		summary: "Hand it to its group again",
		tag,
		auth: ["admin"],
		params: LetterParams,
		body: Type.Optional(Type.Object({})),
		status: 202,
		answer: Type.Object({ id: Type.String() }),
		idempotent: true,
		errors: ["NOT_FOUND"],
	},
	{
		method: "DELETE",
		path: "/v1/admin/dead-letters/:id",
		action: "gateway.dropDeadLetter",
		summary: "Drop it",
		tag,
		auth: ["admin"],
		params: LetterParams,
		status: 204,
		answer: null,
		errors: ["NOT_FOUND"],
	},
];

import Type from "typebox";
import { IntakeDocument } from "../intake.ts";
import type { Route } from "./route.ts";

export const TakenIn = Type.Object(
	{ ok: Type.Literal(true), id: Type.String({ description: "Its order_uid" }) },
	{ $id: "TakenIn" },
);

const tag = "intake";
export const intakeRoutes: readonly Route[] = [
	{
		method: "POST",
		path: "/v1/orders/intake",
		action: "orders.intake",
		summary: "Hand in order documents of another system",
		description:
			"One document as JSON; or any number as NDJSON, a document of at most 64 KiB a line, answered line by line in their order while they come: `{ok: true, id}` once it is stored, or `{ok: false, problem}`. The same document again is accepted and changes nothing; another one with its order_uid is `ORDER_EXISTS`.",
		tag,
		auth: ["admin"],
		scopes: ["intake"],
		body: IntakeDocument,
		raw: true,
		consumes: ["application/json"],
		lines: "orders.intakeBatch",
		status: 201,
		answer: TakenIn,
		idempotent: true,
		errors: ["ORDER_EXISTS"],
	},
];

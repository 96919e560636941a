import Type, { type Static } from "typebox";
import { Id, Time } from "./http/common.ts";

// What administrators change, as it is written down. The node that does it says so to auth, which keeps it.

/** How a change was asked for. */
export const auditWays = ["rest", "repl"] as const;

/** `begun`: written before it is done. It stays so where the process died in between, and then nobody knows. */
export const auditOutcomes = ["begun", "done", "refused", "failed"] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

export const AuditActor = Type.Object({
	id: Type.String({
		maxLength: 200,
		description: "Of the user; or `repl:<user of the system>@<host>`, as no id of a user can be",
	}),
	via: Type.Enum([...auditWays]),
});

const facts = {
	id: Id,
	at: Time,
	actor: AuditActor,
	action: Type.String({ maxLength: 100, description: "Such as `auth.updateUser`" }),
	target: Type.Union([Type.String({ maxLength: 200 }), Type.Null()], { description: "Id of what it was done to" }),
	details: Type.Record(Type.String(), Type.Unknown(), { description: "What was asked for. No secrets" }),
	requestId: Type.String({ maxLength: 200 }),
	traceId: Type.Optional(Type.String({ maxLength: 32 })),
	address: Type.String({ maxLength: 200, description: "Of the client; empty for the prompt" }),
};

/** Before it is done. */
export const AuditIntent = Type.Object(facts);
export type AuditIntent = Static<typeof AuditIntent>;

const ending = {
	was: Type.Optional(
		Type.Record(Type.String(), Type.Unknown(), {
			description: "What it was before, where that could not be looked up afterwards",
		}),
	),
	code: Type.Optional(Type.String({ maxLength: 100, description: "Of the problem that it was refused or failed with" })),
};

/** Afterwards. `target`: of what was made by it. */
export const AuditEnd = Type.Object({
	id: Id,
	outcome: Type.Enum(["done", "refused", "failed"]),
	...ending,
	target: Type.Optional(Type.String({ maxLength: 200 })),
});
export type AuditEnd = Static<typeof AuditEnd>;

export const AuditEntry = Type.Object(
	{
		...facts,
		outcome: Type.Enum([...auditOutcomes], {
			description: "begun: it is under way, or its process died before the end was written down, and it may have been done",
		}),
		...ending,
		endedAt: Type.Optional(Time),
	},
	{ $id: "AuditEntry" },
);
export type AuditEntry = Static<typeof AuditEntry>;

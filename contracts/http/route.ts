import type { TObject, TSchema } from "typebox";
import type { Role, Scope } from "../call.ts";
import type { ErrorCode, Problem } from "../errors.ts";

/** A refusal in a body of the route's own, as JSON. */
export interface OwnRefusal {
	schema: TSchema;
	/** Refusals of another status are problems. */
	only?: 400;
	of(problem: Problem): unknown;
}

/**
 * One path of the REST API. services/gateway mounts it, checks what comes in, and writes the OpenAPI document, all from this.
 * Path, query and body members become the action's params by name (path wins over query, query over body), so their names must differ.
 */
export interface Route {
	method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** `/v1/orders/:id` */
	path: string;
	/** The action that answers. */
	action: string;
	summary: string;
	description?: string;
	tag: string;
	/** "public", "user" (anybody signed in), or the roles of which one is needed (403 FORBIDDEN without). */
	auth: "public" | "user" | readonly Role[];
	/**
	 * Programs may call as well: with a service key (`X-Api-Key`) that has one of these, beside the people that `auth` names. Keys are
	 * refused (403 FORBIDDEN) where none is named. The action finds the program in `ctx.meta.service` and then no `ctx.meta.user`.
	 */
	scopes?: readonly Scope[];
	params?: TObject;
	/** Values arrive as text and are converted to what the schema says. */
	query?: TObject;
	body?: TSchema;
	/** Media types taken for the body; default application/json. */
	consumes?: readonly string[];
	/** The body is handed over as it came, in `rawBody` (a string), with `headers`; for signatures. */
	raw?: true;
	/**
	 * The action that takes `{documents: string[]}`, some lines of an NDJSON body (`application/x-ndjson`) of any length, and answers one
	 * IntakeOutcome (contracts/intake.ts) each. The answer streams back in the order of the lines, with status 200.
	 */
	lines?: string;
	/** Status of success and its body; null: no body. */
	status: 200 | 201 | 202 | 204;
	answer: TSchema | null;
	/** Beside 201: the same body with 200 (`ctx.meta.status`), and what that means. */
	found?: string;
	/**
	 * The answer is a page, for people who follow a link: the action answers its HTML, and this is its Content-Security-Policy. A refusal is a
	 * page too for who asks for HTML, and a problem for all others.
	 */
	page?: string;
	/** `Location` of what was made; `{id}` is taken from the answer. */
	location?: string;
	/** The answer is one entity with a `version`: ETag, If-None-Match, and If-Match on changes. */
	entity?: true;
	/** POST that creates or moves something: Idempotency-Key is honoured. */
	idempotent?: true;
	/** Name of the limit it counts against besides "api". */
	limit?: "login" | "posts";
	/** Codes it can answer beyond those that every path of its kind can (VALIDATION, UNAUTHORIZED, RATE_LIMITED, …). */
	errors?: readonly ErrorCode[];
	/**
	 * For clients that know no problems: a refusal (4xx) of what the request asks for keeps its status and headers and gets this body.
	 * Who may not call at all, and whose body cannot be read, gets a problem here as well; so does what failed on our side.
	 */
	refused?: OwnRefusal;
	/** There is a better path: what is kept for clients of old. */
	deprecated?: true;
}

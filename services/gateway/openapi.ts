import Type, { type TObject, type TSchema } from "typebox";
import { type ErrorCode, errorTable } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import { linesType } from "../../contracts/media.ts";
import { type Components, type Json, refer } from "./refer.ts";

// The OpenAPI 3.1 document, made of the route table: what is mounted is what is written here.

const Problem = Type.Object(
	{
		type: Type.String({ description: "A page that explains the code" }),
		title: Type.String(),
		status: Type.Integer(),
		detail: Type.String(),
		code: Type.Enum(Object.keys(errorTable)),
		requestId: Type.String(),
		errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
		from: Type.Optional(Type.String()),
		to: Type.Optional(Type.String()),
		allowed: Type.Optional(Type.Array(Type.String())),
	},
	{ $id: "Problem", description: "RFC 9457" },
);

const writes = (route: Route): boolean => route.method !== "GET";

/** Every code that a route can answer: those of its kind and those it names. */
export const codesOf = (route: Route): ErrorCode[] => {
	const codes: ErrorCode[] = ["INTERNAL", "UNAVAILABLE", ...(route.errors ?? [])];
	if (route.tag !== "health") codes.push("RATE_LIMITED");
	if (route.params) codes.push("NOT_FOUND");
	if (route.params || route.query || route.body || route.entity || route.idempotent) codes.push("VALIDATION");
	if (route.body || route.raw) codes.push("VALIDATION", "PAYLOAD_TOO_LARGE");
	if (route.body) codes.push("UNSUPPORTED_MEDIA_TYPE");
	// FORBIDDEN also where no role is asked for: to service keys, unless a scope of theirs is named.
	if (route.auth !== "public") codes.push("UNAUTHORIZED", "TOKEN_EXPIRED", "FORBIDDEN");
	if (route.idempotent) codes.push("IDEMPOTENCY_KEY_REUSED", "REQUEST_IN_FLIGHT");
	if (route.entity) codes.push("VERSION_CONFLICT");
	return [...new Set(codes)];
};

const text = { schema: { type: "string" } };
const answerHeaders = {
	"X-Request-Id": { description: "Theirs or ours", ...text },
	RateLimit: { description: "What is left (draft-ietf-httpapi-ratelimit-headers)", ...text },
	"RateLimit-Policy": { description: "The limits", ...text },
	ETag: { description: "The version, quoted", ...text },
	Location: { description: "What was made", ...text },
	"Idempotency-Replayed": { description: "`true`: this is the first answer again", ...text },
	"X-Cache": { description: "`HIT` or `MISS`", ...text },
	"Retry-After": { description: "Seconds", schema: { type: "integer" } },
	"WWW-Authenticate": { description: "RFC 6750", ...text },
};
type HeaderName = keyof typeof answerHeaders;

const headerRefs = (names: readonly HeaderName[]): Json =>
	Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const common = (route: Route): HeaderName[] =>
	route.tag === "health" ? ["X-Request-Id"] : ["X-Request-Id", "RateLimit", "RateLimit-Policy"];

const success = (route: Route, components: Components): Json => {
	const names = common(route);
	if (route.entity) names.push("ETag");
	if (route.location) names.push("Location");
	if (route.idempotent) names.push("Idempotency-Replayed");
	if (route.method === "GET") names.push("X-Cache");
	const type = route.page ? "text/html" : "application/json";
	const content = route.answer && { content: { [type]: { schema: refer(route.answer, components) } } };
	return { description: route.answer ? "Done" : "Done, without a body", headers: headerRefs(names), ...content };
};

/** Refusals that come before a route is asked, or that are none. */
const neverOwn = new Set([401, 413, 415, 429]);

const ownWords = ({ refused }: Route, status: number, components: Components): Json =>
	refused && status < 500 && !neverOwn.has(status) && (refused.only ?? status) === status
		? { "application/json": { schema: refer(refused.schema, components) } }
		: {};

const problemAnswer = (route: Route, status: number, codes: readonly ErrorCode[], components: Components): Json => {
	const names = common(route);
	if (status === 401) names.push("WWW-Authenticate");
	if (codes.some((code) => errorTable[code].retryable)) names.push("Retry-After");
	const schema = { allOf: [{ $ref: "#/components/schemas/Problem" }, { properties: { code: { enum: codes } } }] };
	return {
		description: codes.map((code) => `\`${code}\` ${errorTable[code].title}`).join("; "),
		headers: headerRefs(names),
		content: {
			"application/problem+json": { schema },
			...ownWords(route, status, components),
			...(route.page ? { "text/html": { schema: { type: "string" } } } : {}),
		},
	};
};

/** Each line is one of these; the whole is no JSON document. */
const streamedLines = (route: Route, components: Components): Json => {
	const refused = { type: "object", properties: { ok: { const: false }, problem: { $ref: "#/components/schemas/Problem" } } };
	const schema = { anyOf: [route.answer ? refer(route.answer, components) : {}, { ...refused, required: ["ok", "problem"] }] };
	const description = "To lines of NDJSON: what became of each, in their order, as they come";
	return { description, headers: headerRefs(common(route)), content: { [linesType]: { schema } } };
};

const responses = (route: Route, components: Components): Json => {
	const all: Json = { [route.status]: success(route, components) };
	if (route.found) all[200] = { ...success(route, components), description: route.found };
	if (route.lines) all[200] = streamedLines(route, components);
	if (route.entity && !writes(route)) {
		all[304] = { description: "You have this version", headers: headerRefs(["X-Request-Id", "ETag"]) };
	}
	const byStatus = Map.groupBy(codesOf(route), (code) => errorTable[code].status);
	for (const [status, codes] of byStatus) all[status] = problemAnswer(route, status, codes, components);
	return all;
};

const parametersIn = (place: "path" | "query", schema: TObject | undefined, components: Components): Json[] =>
	Object.entries(schema?.properties ?? {}).map(([name, member]) => ({
		name,
		in: place,
		required: schema?.required?.includes(name) ?? false,
		schema: refer(member, components),
	}));

const requestHeaders = {
	IdempotencyKey: {
		name: "Idempotency-Key",
		description: "The same key and body again: the first answer again. Kept at least 24 h.",
		schema: { type: "string", minLength: 1, maxLength: 255 },
	},
	IfMatch: { name: "If-Match", description: 'The version that is to be changed, as in ETag, or "*"', ...text },
	IfNoneMatch: { name: "If-None-Match", description: "The version that you have: 304 if it is still the newest", ...text },
};

const parameters = (route: Route, components: Components): Json[] => {
	const names: (keyof typeof requestHeaders)[] = [];
	if (route.idempotent) names.push("IdempotencyKey");
	if (route.entity) names.push("IfMatch");
	if (route.entity && !writes(route)) names.push("IfNoneMatch");
	return [
		...parametersIn("path", route.params, components),
		...parametersIn("query", route.query, components),
		...names.map((name) => ({ $ref: `#/components/parameters/${name}` })),
	];
};

const bodyOf = (route: Route, components: Components): Json => {
	if (route.raw && !route.body) return { requestBody: { required: true, content: { "application/json": { schema: {} } } } };
	if (!route.body) return {};
	const schema = refer(route.body, components);
	const types = [...(route.consumes ?? ["application/json"]), ...(route.lines ? [linesType] : [])];
	const content = Object.fromEntries(types.map((type) => [type, { schema }]));
	const body = route.body as TSchema & { required?: readonly string[] };
	return { requestBody: { required: !Type.IsOptional(body) && (body.required?.length ?? 0) > 0, content } };
};

/** Each entry is one way in: a person's token, or a program's key. OpenAPI 3.1 lists the roles and scopes that are needed. */
const security = ({ auth, scopes = [] }: Route): Json[] => {
	if (auth === "public") return [];
	return [{ bearer: Array.isArray(auth) ? [...auth] : [] }, ...(scopes.length > 0 ? [{ apiKey: [...scopes] }] : [])];
};

const operation = (route: Route, components: Components): Json => ({
	operationId: route.action.replace(".", "_"),
	summary: route.summary,
	...(route.description ? { description: route.description } : {}),
	tags: [route.tag],
	...(route.deprecated ? { deprecated: true } : {}),
	security: security(route),
	parameters: parameters(route, components),
	...bodyOf(route, components),
	responses: responses(route, components),
});

/** `/v1/orders/:id` as OpenAPI writes it. */
export const templateOf = (path: string): string => path.replace(/:(\w+)/g, "{$1}");

export const openApi = (routes: readonly Route[], info: { title: string; version: string; description: string }): Json => {
	const components: Components = new Map();
	refer(Problem, components);
	const paths: Record<string, Json> = {};
	for (const route of routes) {
		const path = templateOf(route.path);
		paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, components) };
	}
	return {
		openapi: "3.1.0",
		info,
		servers: [{ url: "/" }],
		tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
		paths,
		components: {
			schemas: Object.fromEntries(components),
			headers: answerHeaders,
			parameters: Object.fromEntries(Object.entries(requestHeaders).map(([name, header]) => [name, { in: "header", ...header }])),
			securitySchemes: {
				bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
				apiKey: { type: "apiKey", in: "header", name: "X-Api-Key", description: "A service key, for programs" },
			},
		},
	};
};

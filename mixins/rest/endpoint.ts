import type { ServiceBroker } from "moleculer";
import type { CallMeta, RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import type { Answer, Claims } from "../idempotency/claims.ts";
import { type Admitted, admit, type Doorkeeper } from "./admission.ts";
import { answerLines, sendsLines } from "./answer-lines.ts";
import { addressOf, agentOf } from "./client.ts";
import type { Headers } from "./headers.ts";
import type { Outgoing, RestRequest } from "./http.ts";
import { compileInput, type Params } from "./input.ts";
import { etagOf, hasVersion, parseIfMatch } from "./preconditions.ts";
import { readBody } from "./read-body.ts";
import { requestKey } from "./request-key.ts";

// One route of the table, from the first header to the answer.

export interface Tools extends Doorkeeper {
	claims: Claims;
	trustProxy: number;
	logger: Pick<ServiceBroker["logger"], "error">;
	/** What the service sets in `meta` is there when the call ends, well or not. */
	call<Answer>(action: string, params: Params, requestId: string, meta: CallMeta): Promise<Answer>;
}

const takesBody = (route: Route): boolean => route.body !== undefined || route.raw === true;

/** What a `raw` action checks signatures with. */
const signatureHeaders = (req: RestRequest): Headers =>
	Object.fromEntries(
		Object.entries(req.headers).flatMap(([name, value]) =>
			name === "content-type" || name.endsWith("-signature") ? [[name, String(value)]] : [],
		),
	);

const locationOf = (template: string, data: Params): string =>
	template.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(String(data[name])));

const toAnswer = (route: Route, meta: CallMeta, data: unknown): Answer => {
	if (route.answer === null) return { status: meta.status ?? route.status, headers: {}, body: null };
	if (route.page) {
		const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": route.page };
		return { status: route.status, headers, body: String(data) };
	}
	const headers: Headers = { "Content-Type": "application/json" };
	const members = data as Params;
	if (route.entity) headers.ETag = etagOf(Number(meta.verbatim ? meta.version : members.version));
	if (route.location) headers.Location = locationOf(route.location, members);
	const body = meta.verbatim ? String(data) : JSON.stringify(data);
	return { status: meta.status ?? route.status, headers, body };
};

/** Kept answers lie in Redis for a day: none that carries a secret may be among them. */
const carriesSecret = ({ body }: Answer): boolean => body !== null && /"(?:\w*[tT]oken|secret|password)":/.test(body);

/**
 * Nor may a kept answer stand in for a service that checks a password: who repeats a public request is known by nothing else, and
 * the hash of the body leaves passwords out. The entity answers those repeats.
 */
const mayBeKept = (route: Route, answer: Answer): boolean => route.auth !== "public" && !carriesSecret(answer);

type MaybeReplayed = Answer & { replayed?: true };

const once = async (
	route: Route,
	claims: Claims,
	{ key, hash }: RequestKey,
	run: () => Promise<Answer>,
): Promise<Answer & { replayed?: true }> => {
	const begun = await claims.begin(key, hash);
	if (begun.kind === "reused") throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	if (begun.kind === "running") throw new DomainError("REQUEST_IN_FLIGHT", undefined, { retryAfter: begun.retryAfterMs / 1000 });
	if (begun.kind === "answered") return { ...begun.answer, replayed: true };
	let answer: Answer;
	try {
		answer = await run();
	} catch (error) {
		await begun.claim.release();
		throw error;
	}
	await (mayBeKept(route, answer) ? begun.claim.remember(answer) : begun.claim.release());
	return answer;
};

const conditional = (req: RestRequest, answer: Answer): Answer => {
	const etag = answer.headers.ETag;
	if (etag === undefined || (req.method !== "GET" && req.method !== "HEAD")) return answer;
	const ifMatch = parseIfMatch(req.headers["if-match"]);
	if (ifMatch && ifMatch !== "*" && !ifMatch.some((version) => etagOf(version) === etag))
		throw new DomainError("VERSION_CONFLICT");
	if (!hasVersion(req.headers["if-none-match"], etag)) return answer;
	return { status: 304, headers: { ETag: etag }, body: null };
};

/** Whose Idempotency-Keys these are. Ids of people have no space in them. */
const ownerOf = ({ user, service }: Admitted): string => (service ? `key ${service.keyId}` : (user?.id ?? ""));

const keyOf = (route: Route, req: RestRequest, caller: Admitted, body: unknown): RequestKey =>
	requestKey(route, {
		userId: ownerOf(caller),
		path: Object.values(req.pathParams),
		body,
		idempotencyKey: req.headers["idempotency-key"] as string | undefined, // Node joins repeats of such a header
	});

const fillMeta = (req: RestRequest, { user, service }: Admitted, address: string): void => {
	const { meta } = req;
	if (user) meta.user = { id: user.id, roles: user.roles, sessionId: user.sessionId };
	if (service) meta.service = service;
	meta.client = { address, agent: agentOf(req) };
};

/** Calls the action. The preconditions are read here, behind the replay: a repeat is answered before If-Match is looked at. */
const call = async (tools: Tools, route: Route, req: RestRequest, params: Params): Promise<Answer> => {
	const ifMatch = route.entity && route.method !== "GET" ? parseIfMatch(req.headers["if-match"]) : undefined;
	if (ifMatch !== undefined) req.meta.ifMatch = ifMatch;
	const data = await tools.call<unknown>(route.action, params, req.requestId, req.meta);
	return toAnswer(route, req.meta, data);
};

/** Compiles a route into what serves it. Throws DomainError and whatever the call throws. */
export const endpoint = (route: Route): ((tools: Tools, req: RestRequest) => Promise<Outgoing>) => {
	const inputOf = compileInput(route);
	return async (tools, req) => {
		const address = addressOf(req, tools.trustProxy);
		if (route.page) req.refusesInHtml = req.headers.accept?.includes("text/html") ?? false;
		const caller = await admit(tools, route, {
			authorization: req.headers.authorization,
			apiKey: req.headers["x-api-key"] as string | undefined, // Node joins repeats of such a header
			address,
			headers: req.answerHeaders,
		});
		if (route.lines && sendsLines(req)) {
			fillMeta(req, caller, address);
			return answerLines(tools, req, route.lines);
		}
		const body = takesBody(route) ? await readBody(req, route) : undefined;
		if (route.refused) req.refused = route.refused;
		const params = inputOf(req.pathParams, req.query, route.raw ? undefined : body);
		if (route.raw) Object.assign(params, { rawBody: body ?? "", headers: signatureHeaders(req) });
		fillMeta(req, caller, address);
		const run = () => call(tools, route, req, params);
		const key = route.method === "GET" ? undefined : keyOf(route, req, caller, body);
		if (key) req.meta.request = key;
		const { replayed, ...answer }: MaybeReplayed = key?.named ? await once(route, tools.claims, key, run) : await run();
		const { status, headers, body: text } = conditional(req, answer);
		const { meta } = req;
		const more: Headers = { ...headers, "Cache-Control": "no-store" };
		if (replayed || meta.replayed) more["Idempotency-Replayed"] = "true";
		if (meta.cache) more["X-Cache"] = meta.cache;
		return { status, headers: more, body: text };
	};
};

import type { Server } from "node:http";
import type { Socket } from "node:net";
import { parse } from "node:querystring";
import type { Service } from "moleculer";
import { DomainError, toProblem } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import { count, observe } from "../metrics/metrics.ts";
import type { VolatileRedis } from "../redis/volatile-redis.ts";
import { inScope, unsampledTrace } from "../tracing/scope.ts";
import { begin, type NewSpan } from "../tracing/spans.ts";
import { parseTraceparent, type TraceContext } from "../tracing/trace-context.ts";
import type { Doorkeeper } from "./admission.ts";
import { saneRequestId } from "./client.ts";
import type { Tools } from "./endpoint.ts";
import type { aliasFinder, Mounted } from "./find-alias.ts";
import { corsHeaders, preflightHeaders } from "./headers.ts";
import { type Outgoing, type RestRequest, type RestResponse, write } from "./http.ts";
import { refusalOf } from "./refusal.ts";
import { refusalPage } from "./refusal-page.ts";
import type { Running } from "./running.ts";

// From a request to its handler, and the ways out: an answer, a refusal, and what OPTIONS tells.

/** What stands behind an alias: a route of the table, or a page (which asks nobody). Null: there is no such page. */
export type Handler = (tools: Tools, req: RestRequest) => Promise<Outgoing> | Outgoing | null;

export interface Alias extends Mounted {
	handler: Handler;
	match(path: string): Record<string, string> | false;
}

/** The service as the code here sees it; moleculer-web has no types for its own members. */
export interface RestService extends Service {
	server: Server;
	/** All that are open. */
	sockets: Set<Socket>;
	aliases: Alias[];
	resolveAlias(path: string, method: string): { alias: Alias; params: Record<string, string> } | false;
	findAlias: ReturnType<typeof aliasFinder<Alias>>;
	tools: Tools;
	running: Running;
	corsOrigins: readonly string[];
	redis: VolatileRedis | null;
	/** Names and values of the headers of every answer. */
	always: readonly string[];
	logsRequests: boolean;
	draining: Promise<void> | null;
	knownAccessToken: Doorkeeper["knownAccessToken"];
	verifyAccessToken: Doorkeeper["verifyAccessToken"];
	verifyServiceKey: Doorkeeper["verifyServiceKey"];
	drain(): Promise<void>;
}

const splitUrl = (req: RestRequest): void => {
	const url = req.url ?? "/";
	const mark = url.indexOf("?");
	const path = mark < 0 ? url : url.slice(0, mark);
	req.query = mark < 0 ? {} : parse(url.slice(mark + 1));
	req.pathname = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
};

const methodsOf = ({ aliases }: RestService, path: string): string[] => {
	const methods = aliases.filter((alias) => alias.match(path)).map(({ method }) => method);
	if (methods.length === 0) return [];
	return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
};

/** OPTIONS, an unknown path, or one that is known with other methods. */
const answerOthers = (service: RestService, req: RestRequest): Outgoing => {
	const methods = methodsOf(service, req.pathname);
	if (methods.length === 0) throw new DomainError("NOT_FOUND");
	req.answerHeaders.Allow = methods.join(", ");
	if (req.method !== "OPTIONS") throw new DomainError("METHOD_NOT_ALLOWED");
	const preflight = req.answerHeaders["Access-Control-Allow-Origin"] ? preflightHeaders(methods.join(", ")) : {};
	return { status: 204, headers: preflight, body: null };
};

const answer = (service: RestService, req: RestRequest): Promise<Outgoing> | Outgoing => {
	splitUrl(req);
	if (req.method === "OPTIONS") return answerOthers(service, req);
	// HEAD is a GET whose body is not sent.
	const method = req.method === "HEAD" ? "GET" : (req.method ?? "");
	const found = service.findAlias(method, req.pathname) ?? service.resolveAlias(req.pathname, method);
	if (!found) return answerOthers(service, req);
	req.pathParams = found.params;
	req.route = found.alias.fullPath;
	const outgoing = found.alias.handler(service.tools, req);
	if (outgoing === null) throw new DomainError("NOT_FOUND");
	return outgoing;
};

/** The words of HTTP that have a route; whatever else somebody sends is one more. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

const countAnswer = ({ method = "", route = "other", startedAt, span }: RestRequest, status: number): void => {
	const labels = { method: methods.has(method) ? method : "other", route };
	observe("http_request_duration_seconds", labels, (performance.now() - startedAt) / 1_000);
	count("http_requests_total", { ...labels, status: String(status) });
	span?.rename(`${labels.method} ${route}`);
	span?.set({ "http.request.method": labels.method, "http.route": route, "http.response.status_code": status });
};

/** A promise if the body comes bit by bit. Not async: what Node refuses to write is thrown where it can be caught. */
const finish = (service: RestService, req: RestRequest, res: RestResponse, outgoing: Outgoing): Promise<void> | undefined => {
	// A connection that stays open would be cut in the middle of its next request.
	if (service.draining) req.answerHeaders.Connection = "close";
	const streamed = write(req, res, service.always, outgoing);
	countAnswer(req, outgoing.status);
	if (!service.logsRequests) return streamed;
	const ms = (performance.now() - req.startedAt).toFixed(1);
	service.logger.debug(`${req.method} ${req.pathname} ${outgoing.status} ${ms} ms`);
	return streamed;
};

const isOwn = (refused: RestRequest["refused"], status: number): boolean =>
	refused !== undefined && (refused.only === undefined ? status < 500 : status === refused.only);

export const refuse = (service: RestService, req: RestRequest, res: RestResponse, error: unknown): void => {
	const { problem, headers, unexpected } = refusalOf(error, req.requestId, req.headers.authorization !== undefined);
	req.span?.failed(problem.code, problem.status >= 500);
	if (unexpected) service.logger.error(`${req.method} ${req.pathname} failed`, error);
	if (res.headersSent) return void res.destroy();
	if (req.refusesInHtml) {
		const type = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" };
		return void finish(service, req, res, {
			status: problem.status,
			headers: { ...type, ...headers },
			body: refusalPage(problem),
		});
	}
	const own = isOwn(req.refused, problem.status) ? req.refused : undefined;
	void finish(service, req, res, {
		status: problem.status,
		headers: { "Content-Type": own ? "application/json" : "application/problem+json", "Cache-Control": "no-store", ...headers },
		body: JSON.stringify(own ? own.of(problem) : problem),
	});
};

/** Asked every few seconds by whatever watches this node: nobody wants to see it among what people did. */
const watching = /^\/(?:health|metrics)\b/;

/** Until its route is known. */
const requestSpan: NewSpan = { name: "HTTP", kind: "server" };

/**
 * A request belongs to the trace that its client names, or begins one. Whether that is recorded the client does not decide, nor does anything else
 * of what it sends beside `traceparent` go any further.
 */
const beginTrace = (req: RestRequest): TraceContext => {
	req.span = null;
	if (watching.test(req.url ?? "")) return unsampledTrace();
	const { trace, span } = begin(requestSpan, parseTraceparent(req.headers.traceparent));
	req.span = span;
	return trace;
};

/** The first thing that happens to a request. Not their X-Correlation-ID, nor an X-Request-ID that is unfit for a log. */
const receive = ({ corsOrigins }: RestService, req: RestRequest): void => {
	req.startedAt = performance.now();
	req.requestId = saneRequestId(req.headers["x-request-id"]) ?? newId();
	req.answerHeaders = corsHeaders(corsOrigins, req.headers.origin);
	req.meta = {};
};

const respond = async (service: RestService, req: RestRequest, res: RestResponse): Promise<void> => {
	service.running.begin();
	try {
		const streamed = finish(service, req, res, await answer(service, req));
		if (streamed) await streamed;
	} catch (error) {
		refuse(service, req, res, error);
	} finally {
		req.span?.end();
		service.running.end();
	}
};

/** Serves one request; resolves when its answer was handed to the connection, or its client is gone. */
export const serve = (service: RestService, req: RestRequest, res: RestResponse): Promise<void> => {
	receive(service, req);
	const trace = beginTrace(req);
	return inScope({ requestId: req.requestId, trace }, () => respond(service, req, res));
};

/** By the name that Node gives it: the events and errors of a server do not tell which answer is on its way. */
const hasBegunToAnswer = (socket: Socket): boolean =>
	(socket as { _httpMessage?: RestResponse | null })._httpMessage?.headersSent ?? false;

/** What Node could not parse never becomes a request; it gets an answer all the same, but not in the midst of another one. */
export const answerBroken = (_error: Error, socket: Socket): void => {
	if (!socket.writable) return;
	if (hasBegunToAnswer(socket)) return void socket.destroy();
	const body = JSON.stringify(
		toProblem(
			"VALIDATION",
			newId(),
			"The request could not be read: it is no HTTP, its headers are too large, or it came too slowly",
		),
	);
	const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
	socket.end(`${head}\r\n\r\n${body}`);
};

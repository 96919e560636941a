import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Service } from "moleculer";
import { DomainError, toProblem } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import { newId } from "../../contracts/ids.ts";
import type { VolatileRedis } from "../redis/volatile-redis.ts";
import type { Doorkeeper } from "./admission.ts";
import { endpoint, type Tools } from "./endpoint.ts";
import { preflightHeaders } from "./headers.ts";
import { type Outgoing, type RestRequest, type RestResponse, write } from "./http.ts";
import { refusalOf } from "./refusal.ts";

// The ways out of a request: an answer, a page, a refusal, and what OPTIONS tells.

/** Something that is no call: a document or a file. Null: there is none. */
export type Page = (params: Readonly<Record<string, string>>, req: RestRequest) => Outgoing | null;

interface Alias {
	method: string;
	match(path: string): Record<string, string> | false;
}

/** The service as the code here sees it; moleculer-web has no types for its own members. */
export interface RestService extends Service {
	server: Server;
	aliases: Alias[];
	tools: Tools;
	redis: VolatileRedis | null;
	draining: Promise<void> | null;
	verifyAccessToken: Doorkeeper["verifyAccessToken"];
	drain(): Promise<void>;
}

export type Handler = (this: RestService, req: RestRequest, res: RestResponse, next: (error: unknown) => void) => void;

export const routeHandler = (route: Route): Handler => {
	const serve = endpoint(route);
	return function (req, res, next) {
		if (req.method === "OPTIONS") return answerOptions(this, req, res);
		serve(this.tools, req).then((outgoing) => finish(this, req, res, outgoing), next);
	};
};

export const pageHandler = (page: Page): Handler =>
	function (req, res, next) {
		if (req.method === "OPTIONS") return answerOptions(this, req, res);
		const outgoing = page(req.$params.params, req);
		if (outgoing) finish(this, req, res, outgoing);
		else next(new DomainError("NOT_FOUND"));
	};

const finish = (service: RestService, req: RestRequest, res: RestResponse, outgoing: Outgoing): void => {
	// A connection that stays open would be cut in the middle of its next request.
	if (service.draining) req.answerHeaders.Connection = "close";
	write(req, res, outgoing);
	const ms = (performance.now() - req.startedAt).toFixed(1);
	service.logger.debug(`${req.method} ${req.parsedUrl} ${outgoing.status} ${ms} ms`);
};

const methodsOf = ({ aliases }: RestService, path: string): string[] => {
	const methods = aliases.filter((alias) => alias.match(path)).map(({ method }) => method);
	if (methods.length === 0) return [];
	return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
};

const answerOptions = (service: RestService, req: RestRequest, res: RestResponse): void => {
	const allow = methodsOf(service, req.parsedUrl).join(", ");
	const preflight = req.answerHeaders["Access-Control-Allow-Origin"] ? preflightHeaders(allow) : {};
	finish(service, req, res, { status: 204, headers: { Allow: allow, ...preflight }, body: null });
};

export const refuse = (service: RestService, req: RestRequest, res: RestResponse, error: unknown): void => {
	const { problem, headers, unexpected } = refusalOf(error, req.requestId, req.headers.authorization !== undefined);
	if (unexpected) service.logger.error(`${req.method} ${req.parsedUrl} failed`, error);
	if (res.headersSent) return void res.destroy();
	finish(service, req, res, {
		status: problem.status,
		headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers },
		body: JSON.stringify(problem),
	});
};

/** moleculer-web found no alias: an unknown path, or one that is known with other methods. */
export const refuseUnknown = (service: RestService, req: RestRequest, res: RestResponse): void => {
	const methods = methodsOf(service, req.parsedUrl);
	if (methods.length > 0 && req.method === "OPTIONS") {
		answerOptions(service, req, res);
	} else if (methods.length > 0) {
		req.answerHeaders.Allow = methods.join(", ");
		refuse(service, req, res, new DomainError("METHOD_NOT_ALLOWED"));
	} else {
		refuse(service, req, res, new DomainError("NOT_FOUND"));
	}
};

/** What Node could not parse never becomes a request; it gets an answer all the same. */
export const answerBroken = (_error: Error, socket: Socket): void => {
	if (!socket.writable) return;
	const body = JSON.stringify(toProblem("VALIDATION", newId(), "This is not HTTP"));
	const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close`;
	socket.end(`${head}\r\n\r\n${body}`);
};

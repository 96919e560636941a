import { Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceSchema } from "moleculer";
import ApiGateway from "moleculer-web";
import type { Profile } from "../../config/profile-type.ts";
import { asText } from "../../contracts/call.ts";
import type { Route } from "../../contracts/http/route.ts";
import { memoryClaims } from "../idempotency/memory-claims.ts";
import { redisClaims } from "../idempotency/redis-claims.ts";
import { rateLimits } from "../rate-limits/rate-limits.ts";
import { volatileRedis } from "../redis/volatile-redis.ts";
import { endpoint } from "./endpoint.ts";
import { aliasFinder } from "./find-alias.ts";
import { securityHeaders } from "./headers.ts";
import type { Outgoing, RestRequest, RestResponse } from "./http.ts";
import { Running } from "./running.ts";
import { answerBroken, type Handler, type RestService, serve } from "./serve.ts";
import { takeInWhoWaits } from "./take-in.ts";

/** Something that is no call: a document or a file. Null: there is none. */
export type Page = (params: Readonly<Record<string, string>>, req: RestRequest) => Promise<Outgoing> | Outgoing | null;

export interface RestOptions {
	profile: Profile;
	routes: readonly Route[];
	/** By "GET /path". */
	pages: Readonly<Record<string, Page>>;
	/** By "POST /path": what is neither in the table nor a page. */
	handlers?: Readonly<Record<string, Handler>>;
}

/** How long a stop waits for requests in flight, in ms. */
const drainMs = 10_000;
/** How long requests whose connections were cut may still run, in ms. */
const afterCutMs = 10_000;
/** How long a connection without a request may stay during a stop, in ms: one may be on its way on it. */
const idleMs = 250;

const pageHandler =
	(page: Page): Handler =>
	(_tools, req) =>
		page(req.pathParams, req);

const aliasesOf = ({ routes, pages, handlers }: RestOptions): Record<string, Handler> => ({
	...Object.fromEntries(routes.map((route) => [`${route.method} ${route.path}`, endpoint(route)])),
	...Object.fromEntries(Object.entries(pages).map(([name, page]) => [name, pageHandler(page)])),
	...handlers,
});

const openTools = (service: RestService, { rateLimits: limits, redisUrl, keyPrefix, trustProxy }: Profile): void => {
	const onTrouble = (error: Error): void => service.logger.warn(`Redis is away, going on without it: ${error.message}`);
	service.redis = redisUrl === null ? null : volatileRedis(redisUrl, onTrouble);
	service.tools = {
		trustProxy,
		logger: service.logger,
		// A call of the broker, not of a context: a request is no call itself (docs/decisions/0009). What it brings back is in `meta`.
		call: (action, params, requestID, meta) =>
			service.broker.call(action, params, { requestID, meta, headers: asText, caller: service.fullName }),
		knownAccessToken: (token) => service.knownAccessToken(token),
		verifyAccessToken: (token) => service.verifyAccessToken(token),
		verifyServiceKey: (key, beforeAsking) => service.verifyServiceKey(key, beforeAsking),
		denied: (what) => service.logger.info(what),
		limits: rateLimits(limits, service.redis, keyPrefix),
		claims: service.redis ? redisClaims(service.redis, keyPrefix) : memoryClaims(),
	};
};

/**
 * Stops listening and lets requests in flight finish, those included that clients had sent before they could know: from here on
 * each answer asks for its connection to be closed. After `drainMs` what is left is cut.
 */
const drain = async ({ server, sockets, running, logger }: RestService): Promise<void> => {
	if (!server.listening) return;
	const closed = new Promise<void>((resolve) => server.once("close", resolve));
	await takeInWhoWaits(server);
	// Not HTTP's own close: it cuts idle connections at once, and with them the requests that are on their way on them.
	Server.prototype.close.call(server);
	// For Node a connection is idle once its answer is handed over, whether or not a slow client has read it.
	const tidy = setInterval(() => {
		if ([...sockets].every(({ writableLength }) => writableLength === 0)) server.closeIdleConnections();
	}, idleMs);
	const cut = setTimeout(() => {
		logger.warn("Requests were still running at the end of the drain; their connections are cut");
		server.closeAllConnections();
	}, drainMs);
	await closed;
	clearInterval(tidy);
	clearTimeout(cut);
	await Promise.race([running.idle(), delay(afterCutMs, undefined, { ref: false })]);
	server.close(() => undefined); // ends the timer by which HTTP looks for slow clients; it has nothing else to close
};

/**
 * Serves a route table over HTTP by one set of rules (docs/decisions/0009): nothing but its routes and pages is reachable. The service
 * that mixes it in has `verifyAccessToken` and `verifyServiceKey`.
 */
export const rest = (options: RestOptions): Partial<ServiceSchema> => {
	const { profile } = options;
	const always = Object.entries(securityHeaders(profile)).flat();
	const schema = {
		mixins: [ApiGateway],
		settings: {
			// Everything here is published to every node unless it is named in $secureSettings.
			$secureSettings: ["routes", "port", "ip"],
			port: profile.port,
			ip: profile.host,
			logRequest: null,
			logRequestParams: null,
			logResponse: null,
			logRouteRegistration: null,
			// Of a whole request: a stream of lines may take hours. Headers have Node's 60 s, bodies read-body.ts's.
			requestTimeout: 0,
			routes: [
				{
					path: "/",
					mappingPolicy: "restrict",
					bodyParsers: false,
					pathToRegexpOptions: { sensitive: true },
					aliases: aliasesOf(options),
				},
			],
		},
		actions: {
			// The bus needs no way to list or change what is mounted.
			listAliases: false,
			addRoute: false,
			removeRoute: false,
			// Nor is a request a call that may queue, fail over or trip a breaker: those rules are for the action behind it. With a
			// bulkhead, a hundred clients that send slowly would lock out all others.
			rest: false,
		},
		methods: {
			/** Instead of moleculer-web's own way through a request, which merges and parses before anything was checked. */
			httpHandler(this: RestService, req: RestRequest, res: RestResponse) {
				return serve(this, req, res);
			},
			/** For middlewares/drain.ts: before any service of this process stops. */
			drain(this: RestService) {
				this.draining ??= drain(this);
				return this.draining;
			},
		},
		created(this: RestService) {
			this.draining = null;
			this.always = always;
			this.corsOrigins = profile.corsOrigins;
			this.running = new Running();
			this.findAlias = aliasFinder(this.aliases);
			this.logsRequests = profile.logLevel === "debug" || profile.logLevel === "trace";
			openTools(this, profile);
			// Longer than the 60 s of common load balancers: who closes first decides whether a request can be lost between.
			this.server.keepAliveTimeout = 65_000;
			// Without it a client that reads nothing of its answer would keep it in our memory for as long as it likes.
			this.server.timeout = 65_000;
			this.server.on("clientError", answerBroken);
			this.sockets = new Set();
			this.server.on("connection", (socket) => {
				this.sockets.add(socket);
				socket.once("close", () => this.sockets.delete(socket));
			});
		},
		started(this: RestService) {
			this.redis?.connect();
			return Promise.resolve();
		},
		async stopped(this: RestService) {
			await this.drain();
			await this.tools.claims.close();
			this.redis?.close();
		},
	};
	// moleculer-web brings settings and members that Moleculer's types do not know.
	return schema as unknown as Partial<ServiceSchema>;
};

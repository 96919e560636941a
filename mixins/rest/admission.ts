import type { Caller, ServiceCaller } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import { networkOf } from "../rate-limits/network.ts";
import type { RateLimits, Standing } from "../rate-limits/rate-limits.ts";
import type { Headers } from "./headers.ts";

// Who may come in: token or service key, rate, role or scope. In that order, but what is refused counts against its address.

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

const tokenOf = (authorization: string | undefined): string => {
	const token = bearer.exec(authorization ?? "")?.[1];
	if (!token) throw new DomainError("UNAUTHORIZED", "Send an access token: Authorization: Bearer <token>");
	return token;
};

/** For the log: who was let in and may not do that (ASVS 5.0 §16.3.2). */
const deny = (door: Doorkeeper, { method, path }: Route, who: string, address: string, why: string): never => {
	door.denied(`${who} may not ${method} ${path}, from ${address}`);
	throw new DomainError("FORBIDDEN", why);
};

const demandRole = (door: Doorkeeper, route: Route, caller: Caller, address: string): void => {
	if (route.auth === "public" || route.auth === "user") return;
	if (!route.auth.some((role) => caller.roles.includes(role))) {
		deny(door, route, `user ${caller.id}`, address, `This takes one of the roles ${route.auth.join(", ")}`);
	}
};

/** `RateLimit-Policy` and `RateLimit`, draft-ietf-httpapi-ratelimit-headers-10. */
const rateHeaders = (standings: readonly Standing[]): Headers => ({
	"RateLimit-Policy": standings.map(({ name, count, seconds }) => `"${name}";q=${count};w=${seconds}`).join(", "),
	RateLimit: standings.map(({ name, remaining, reset }) => `"${name}";r=${remaining};t=${reset}`).join(", "),
});

/** Probes come often and from few addresses; to refuse them would take a healthy node out of service. */
const isProbe = (route: Route): boolean => route.tag === "health";

const judge = (standings: readonly (Standing | null)[], headers: Headers): void => {
	const set = standings.filter((standing) => standing !== null);
	if (set.length === 0) return;
	Object.assign(headers, rateHeaders(set));
	const refused = set.find(({ allowed }) => !allowed);
	if (refused) throw new DomainError("RATE_LIMITED", undefined, { retryAfter: refused.reset });
};

const isCounted = (standing: Standing | null | Promise<Standing>): standing is Standing | null => !(standing instanceof Promise);

/** Throws or rejects with RATE_LIMITED. A promise only where Redis counts: most of what a request waits for would be nothing else. */
const count = (limits: RateLimits, route: Route, who: string, headers: Headers): Promise<void> | undefined => {
	if (isProbe(route)) return undefined;
	const standings = [limits.consume("api", who)];
	if (route.limit) standings.push(limits.consume(route.limit, who));
	if (!standings.every(isCounted)) return Promise.all(standings).then((all) => judge(all, headers));
	judge(standings, headers);
	return undefined;
};

const byAddress = (address: string): string => `address:${networkOf(address)}`;

const demandScope = (door: Doorkeeper, route: Route, { keyId, scopes: held }: ServiceCaller, address: string): void => {
	const { scopes = [] } = route;
	if (scopes.some((scope) => held.includes(scope))) return;
	const takes = `This takes a service key with one of the scopes ${scopes.join(", ")}`;
	deny(door, route, `service key ${keyId}`, address, scopes.length > 0 ? takes : "Service keys are not taken here: this is for people"); // biome-ignore format: one line
};

export interface Doorkeeper {
	/** Who holds this token if it was verified before, at once; null if it has to be. */
	knownAccessToken(token: string): Caller | null;
	verifyAccessToken(token: string): Promise<Caller>;
	verifyServiceKey(key: string, beforeAsking: () => Promise<void>): Promise<ServiceCaller>;
	limits: RateLimits;
	/** Told of who was refused for lack of a role or scope. */
	denied(what: string): void;
}

/** A person, a program, or nobody (on public routes, which look at no token and no key). */
export interface Admitted {
	user?: Caller;
	service?: ServiceCaller;
}

export interface Knock {
	authorization: string | undefined;
	/** `X-Api-Key`. Not looked at where there is an Authorization: one request has one caller, the person. */
	apiKey: string | undefined;
	address: string;
	headers: Headers;
}

const admitPerson = async (door: Doorkeeper, route: Route, { authorization, address, headers }: Knock): Promise<Admitted> => {
	let caller: Caller;
	try {
		const token = tokenOf(authorization);
		caller = door.knownAccessToken(token) ?? (await door.verifyAccessToken(token));
	} catch (error) {
		await count(door.limits, route, byAddress(address), headers);
		throw error;
	}
	const counted = count(door.limits, route, `user:${caller.id}`, headers);
	if (counted) await counted;
	demandRole(door, route, caller, address);
	return { user: caller };
};

/** A key that was not checked a moment ago counts against its address before auth is asked: guesses must not cost more than that. */
const admitProgram = async (door: Doorkeeper, route: Route, key: string, { address, headers }: Knock): Promise<Admitted> => {
	const program = await door.verifyServiceKey(key, async () => count(door.limits, route, byAddress(address), headers));
	await count(door.limits, route, `key:${program.keyId}`, headers);
	demandScope(door, route, program, address);
	return { service: program };
};

const admitAnybody = async (door: Doorkeeper, route: Route, { address, headers }: Knock): Promise<Admitted> => {
	await count(door.limits, route, byAddress(address), headers);
	return {};
};

/** Answers who calls; `knock.headers` gets the rate limit's, on refusal too. */
export const admit = (door: Doorkeeper, route: Route, knock: Knock): Promise<Admitted> => {
	if (route.auth === "public") return admitAnybody(door, route, knock);
	if (knock.apiKey === undefined || knock.authorization !== undefined) return admitPerson(door, route, knock);
	return admitProgram(door, route, knock.apiKey, knock);
};

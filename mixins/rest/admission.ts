import type { Caller, ServiceCaller } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import type { LimitName, RateLimits, Standing } from "../rate-limits/rate-limits.ts";
import type { Headers } from "./headers.ts";

// Who may come in: token or service key, rate, role or scope. In that order, but what is refused counts against its address.

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

const tokenOf = (authorization: string | undefined): string => {
	const token = bearer.exec(authorization ?? "")?.[1];
	if (!token) throw new DomainError("UNAUTHORIZED", "Send an access token: Authorization: Bearer <token>");
	return token;
};

const demandRole = (route: Route, caller: Caller): void => {
	if (route.auth === "public" || route.auth === "user") return;
	if (!route.auth.some((role) => caller.roles.includes(role))) {
		throw new DomainError("FORBIDDEN", `This takes one of the roles ${route.auth.join(", ")}`);
	}
};

/** `RateLimit-Policy` and `RateLimit`, draft-ietf-httpapi-ratelimit-headers-10. */
const rateHeaders = (standings: readonly Standing[]): Headers => ({
	"RateLimit-Policy": standings.map(({ name, count, seconds }) => `"${name}";q=${count};w=${seconds}`).join(", "),
	RateLimit: standings.map(({ name, remaining, reset }) => `"${name}";r=${remaining};t=${reset}`).join(", "),
});

/** Probes come often and from few addresses; to refuse them would take a healthy node out of service. */
const isProbe = (route: Route): boolean => route.tag === "health";

const count = async (limits: RateLimits, route: Route, who: string, headers: Headers): Promise<void> => {
	if (isProbe(route)) return;
	const names: LimitName[] = route.limit ? ["api", route.limit] : ["api"];
	const all = await Promise.all(names.map((name) => limits.consume(name, who)));
	const standings = all.filter((standing) => standing !== null);
	if (standings.length === 0) return;
	Object.assign(headers, rateHeaders(standings));
	const refused = standings.find(({ allowed }) => !allowed);
	if (refused) throw new DomainError("RATE_LIMITED", undefined, { retryAfter: refused.reset });
};

const demandScope = ({ scopes = [] }: Route, { scopes: held }: ServiceCaller): void => {
	if (scopes.length === 0) throw new DomainError("FORBIDDEN", "Service keys are not taken here: this is for people");
	if (!scopes.some((scope) => held.includes(scope))) {
		throw new DomainError("FORBIDDEN", `This takes a service key with one of the scopes ${scopes.join(", ")}`);
	}
};

export interface Doorkeeper {
	verifyAccessToken(token: string): Promise<Caller>;
	verifyServiceKey(key: string, beforeAsking: () => Promise<void>): Promise<ServiceCaller>;
	limits: RateLimits;
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

const admitPerson = async (door: Doorkeeper, route: Route, { authorization, address, headers }: Knock): Promise<Caller> => {
	let caller: Caller;
	try {
		caller = await door.verifyAccessToken(tokenOf(authorization));
	} catch (error) {
		await count(door.limits, route, `address:${address}`, headers);
		throw error;
	}
	await count(door.limits, route, `user:${caller.id}`, headers);
	demandRole(route, caller);
	return caller;
};

/** A key that was not checked a moment ago counts against its address before auth is asked: guesses must not cost more than that. */
const admitProgram = async (door: Doorkeeper, route: Route, key: string, { address, headers }: Knock): Promise<ServiceCaller> => {
	const program = await door.verifyServiceKey(key, () => count(door.limits, route, `address:${address}`, headers));
	await count(door.limits, route, `key:${program.keyId}`, headers);
	demandScope(route, program);
	return program;
};

/** Answers who calls; `knock.headers` gets the rate limit's, on refusal too. */
export const admit = async (door: Doorkeeper, route: Route, knock: Knock): Promise<Admitted> => {
	if (route.auth === "public") {
		await count(door.limits, route, `address:${knock.address}`, knock.headers);
		return {};
	}
	if (knock.apiKey === undefined || knock.authorization !== undefined) return { user: await admitPerson(door, route, knock) };
	return { service: await admitProgram(door, route, knock.apiKey, knock) };
};

import type { Caller } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import type { LimitName, RateLimits, Standing } from "../rate-limits/rate-limits.ts";
import type { Headers } from "./headers.ts";

// Who may come in: token, role, rate. In that order, but a token that is refused counts against its address.

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

export interface Doorkeeper {
	verifyAccessToken(token: string): Promise<Caller>;
	limits: RateLimits;
}

/** Answers who calls (undefined on public routes, which look at no token); `headers` gets the rate limit's, on refusal too. */
export const admit = async (
	door: Doorkeeper,
	route: Route,
	request: { authorization: string | undefined; address: string; headers: Headers },
): Promise<Caller | undefined> => {
	const byAddress = `address:${request.address}`;
	if (route.auth === "public") return void (await count(door.limits, route, byAddress, request.headers));
	let caller: Caller;
	try {
		caller = await door.verifyAccessToken(tokenOf(request.authorization));
	} catch (error) {
		await count(door.limits, route, byAddress, request.headers);
		throw error;
	}
	await count(door.limits, route, `user:${caller.id}`, request.headers);
	demandRole(route, caller);
	return caller;
};

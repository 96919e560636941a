import Type from "typebox";
import { DomainError } from "../../../contracts/errors.ts";
import { authRoutes, Tokens } from "../../../contracts/http/auth.ts";
import type { Route } from "../../../contracts/http/route.ts";
import { fromWire } from "../../../middlewares/domain-errors.ts";
import { endpoint } from "../../../mixins/rest/endpoint.ts";
import type { Outgoing, RestRequest } from "../../../mixins/rest/http.ts";
import type { Handler } from "../../../mixins/rest/serve.ts";

// The session of a browser (docs/decisions/0025). The same actions as under /v1/auth; but the refresh token travels in a cookie that
// no script can read and that is sent to these paths alone, and never stands in a body.

const path = "/app/session";
/** Without use a session ends after 14 days; the cookie goes with it. */
const keptSeconds = 14 * 24 * 3600;

interface Cookie {
	read(req: RestRequest): string | null;
	set(token: string): string;
	readonly cleared: string;
}

/** The prefix keeps a page that came over plain http from setting it (RFC 6265bis §4.1.3). */
const cookieOf = (isSecure: boolean): Cookie => {
	const name = isSecure ? "__Secure-souk-session" : "souk-session";
	const rules = `Path=${path}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
	return {
		read: ({ headers: { cookie = "" } }) =>
			cookie
				.split(";")
				.map((part) => part.trim())
				.find((part) => part.startsWith(`${name}=`))
				?.slice(name.length + 1) || null,
		set: (token) => `${name}=${token}; Max-Age=${keptSeconds}; ${rules}`,
		cleared: `${name}=; Max-Age=0; ${rules}`,
	};
};

/** SameSite says it too; this holds where a sister host under the same site is not ours. Programs send no such header and have no cookie. */
const refuseOtherSites = ({ headers }: RestRequest): void => {
	const site = headers["sec-fetch-site"];
	if (site !== undefined && site !== "same-origin") throw new DomainError("FORBIDDEN", "Sessions are for the pages of this host");
};

const none = (cookie: Cookie): Outgoing => ({
	status: 204,
	headers: { "Set-Cookie": cookie.cleared, "Cache-Control": "no-store" },
	body: null,
});

/** Moves the refresh token from the body to the cookie. */
const kept = ({ status, headers, body }: Outgoing, cookie: Cookie): Outgoing => {
	const { refreshToken, data: _older, status: _word, ...rest } = JSON.parse(String(body)) as Record<string, unknown>;
	return { status, headers: { ...headers, "Set-Cookie": cookie.set(String(refreshToken)) }, body: JSON.stringify(rest) };
};

const isOver = (error: unknown): boolean => ["UNAUTHORIZED", "VALIDATION"].includes(fromWire(error)?.code ?? "");

const byCookie = (method: Route["method"], action: string, status: 200 | 204): ReturnType<typeof endpoint> =>
	endpoint({
		method,
		path,
		action,
		summary: "",
		tag: "web",
		auth: "public",
		query: Type.Object({ refreshToken: Type.String({ maxLength: 512 }) }),
		status,
		answer: status === 204 ? null : Tokens,
	});

const routeTo = (action: string): Route => {
	const route = authRoutes.find((candidate) => candidate.action === action);
	if (!route) throw new Error(`no route leads to ${action}`);
	return route;
};

/**
 * By "POST /path". Log in: `{accessToken, expiresIn, user}`; refresh: `{accessToken, expiresIn}`, or 204 where there is no session;
 * log out: 204, whether or not the access token is still good.
 */
export const webSession = (isSecure: boolean): Record<string, Handler> => {
	const cookie = cookieOf(isSecure);
	const login = endpoint(routeTo("auth.login"));
	const refresh = byCookie("POST", "auth.refresh", 200);
	const end = byCookie("DELETE", "auth.endByToken", 204);
	/** The token takes the place of the query, so that nothing of a URL gets there. */
	const withToken = (req: RestRequest): boolean => {
		refuseOtherSites(req);
		const refreshToken = cookie.read(req);
		req.query = refreshToken === null ? {} : { refreshToken };
		return refreshToken !== null;
	};
	return {
		[`POST ${path}`]: async (tools, req) => {
			refuseOtherSites(req);
			return kept(await login(tools, req), cookie);
		},
		[`POST ${path}/refresh`]: async (tools, req) => {
			if (!withToken(req)) return none(cookie);
			try {
				return kept(await refresh(tools, req), cookie);
			} catch (error) {
				if (!isOver(error)) throw error;
				return none(cookie);
			}
		},
		[`DELETE ${path}`]: async (tools, req) => {
			if (withToken(req)) await end(tools, req);
			return none(cookie);
		},
	};
};

import type { Profile } from "../../config/profile-type.ts";

export type Headers = Record<string, string>;

/** What an answer needs to be harmless wherever it is opened; a page that does more brings a policy of its own. */
export const strictPolicy = "default-src 'none'; frame-ancestors 'none'";
const twoYears = 63_072_000;

/** Headers of every answer (OWASP REST Security Cheat Sheet). */
export const securityHeaders = (profile: Pick<Profile, "publicUrl">): Headers => ({
	"X-Content-Type-Options": "nosniff",
	"X-Frame-Options": "DENY",
	"Referrer-Policy": "no-referrer",
	"Cross-Origin-Resource-Policy": "same-origin",
	// Over plain http browsers ignore it, and a proxy with a certificate for a while would lock a test machine out for years.
	...(profile.publicUrl.startsWith("https:") ? { "Strict-Transport-Security": `max-age=${twoYears}; includeSubDomains` } : {}),
});

const exposed = "ETag, Location, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy, Idempotency-Replayed, X-Cache";
const accepted = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, X-Api-Key";

/**
 * CORS by allow-list. Others get no header, and their browser keeps the answer from them; nothing else is refused, since an
 * Origin proves nothing about programs. No credentials: tokens travel in Authorization.
 */
export const corsHeaders = (allowed: readonly string[], origin: string | undefined): Headers => {
	if (allowed.length === 0) return {};
	const vary = { Vary: "Origin" };
	if (origin === undefined || !(allowed.includes(origin) || allowed.includes("*"))) return vary;
	return { ...vary, "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": exposed };
};

/** The rest of the answer to a preflight. */
export const preflightHeaders = (allow: string): Headers => ({
	"Access-Control-Allow-Methods": allow,
	"Access-Control-Allow-Headers": accepted,
	"Access-Control-Max-Age": "600",
});

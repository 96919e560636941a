export { type AccessTokenMethods, accessTokens } from "./access-token.mixin.ts";
export type { EndedSessionsAnswer, WatchOptions } from "./auth-watch.ts";
export { type AccessClaims, accessToken, type VerifiedCaller } from "./claims.ts";
export type { EndedSession } from "./ended-sessions.ts";

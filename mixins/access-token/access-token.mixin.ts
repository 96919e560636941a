import type { Context, Service, ServiceSchema } from "moleculer";
import { AuthWatch, type WatchOptions } from "./auth-watch.ts";
import type { VerifiedCaller } from "./claims.ts";
import type { EndedSession } from "./ended-sessions.ts";

export interface AccessTokenMethods {
	/**
	 * Who holds this access token (without "Bearer"). Throws `DomainError` UNAUTHORIZED, TOKEN_EXPIRED, or UNAVAILABLE while
	 * nobody has told this node the keys and the ended sessions yet.
	 */
	verifyAccessToken(token: string): Promise<VerifiedCaller>;
	/** The same, at once, for a token that was verified before; null for others. Throws what `verifyAccessToken` rejects with. */
	knownAccessToken(token: string): VerifiedCaller | null;
	/** Whether keys and ended sessions have been loaded once: part of being ready. */
	accessTokensReady(): boolean;
}

/**
 * For services that take access tokens from outside (gateway, sockets). Verifies them in this process: the keys come from
 * `auth.jwks`, sessions that ended before their tokens did from the broadcast `auth.session_ended`, and both are asked for
 * again every few seconds. So a session that ended is refused here at once, and within `reloadEvery` if the broadcast got lost.
 */
export const accessTokens = (options: WatchOptions = {}): Partial<ServiceSchema> => {
	// One per service instance; a WeakMap keeps it off `this`, where a service could reach into it.
	const watches = new WeakMap<object, AuthWatch>();
	const watchOf = (service: object): AuthWatch => {
		const watch = watches.get(service);
		if (!watch) throw new Error("accessTokens(): the service was not created yet");
		return watch;
	};
	return {
		created(this: Service) {
			watches.set(this, new AuthWatch(this, options));
		},
		started(this: Service) {
			watchOf(this).start();
			return Promise.resolve();
		},
		stopped(this: Service) {
			return watchOf(this).stop();
		},
		events: {
			"auth.session_ended": {
				handler(this: Service, ctx: Context<EndedSession>): void {
					watchOf(this).endSession(ctx.params);
				},
			},
		},
		methods: {
			accessTokensReady(this: Service): boolean {
				return watchOf(this).ready;
			},
			knownAccessToken(this: Service, token: string): VerifiedCaller | null {
				return watchOf(this).recall(token);
			},
			verifyAccessToken(this: Service, token: string): Promise<VerifiedCaller> {
				return watchOf(this).verify(token);
			},
		},
	};
};

import type { JWK } from "jose";
import type { Service } from "moleculer";
import { clock } from "../../config/clock.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { VerifiedCaller } from "./claims.ts";
import type { EndedSession } from "./ended-sessions.ts";
import { KeyRing } from "./key-ring.ts";
import { AccessTokenVerifier } from "./verifier.ts";

/** What `auth.endedSessions` answers. `asOf` goes into the next question, so that it only brings what ended since. */
export interface EndedSessionsAnswer {
	items: EndedSession[];
	asOf: number;
}

export interface WatchOptions {
	/** How often keys and ended sessions are asked for again, in ms: a broadcast may get lost. Default 10 s. */
	reloadEvery?: number;
	/** How many verified tokens are remembered. Default 10,000. */
	remembered?: number;
}

/** First tries at start, while auth may not be there yet. */
const firstTriesEvery = 500;
/** Sessions that ended on two nodes of auth may be written a moment out of order, and their clocks differ. */
const overlap = 60_000;

/** Keeps one verifier up to date with what auth knows. */
export class AuthWatch {
	readonly #verifier: AccessTokenVerifier;
	readonly #keys: KeyRing;
	readonly #service: Service;
	readonly #every: number;
	#asOf: number | undefined;
	#loading: Promise<void> | undefined;
	#failedAt = Number.NEGATIVE_INFINITY;
	#timer: NodeJS.Timeout | undefined;
	#stopped = false;

	constructor(service: Service, { reloadEvery = 10_000, remembered = 10_000 }: WatchOptions) {
		this.#service = service;
		this.#every = reloadEvery;
		this.#keys = new KeyRing(() => service.broker.call<{ keys: JWK[] }>("auth.jwks"));
		this.#verifier = new AccessTokenVerifier(this.#keys, remembered);
	}

	get ready(): boolean {
		return this.#asOf !== undefined;
	}

	/** Loads in the background from now on. */
	start(): void {
		const round = async (): Promise<void> => {
			try {
				await this.load();
			} catch (error) {
				// Tokens stay checkable with what we have; that a session ended meanwhile may be missed until auth is back.
				this.#service.logger[this.ready ? "warn" : "debug"]("access tokens: auth did not answer, it is asked again:", error);
			}
			if (!this.#stopped) this.#timer = setTimeout(round, this.ready ? this.#every : firstTriesEvery);
		};
		void round();
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		clearTimeout(this.#timer);
		await this.#loading?.catch(() => undefined); // start() or the caller that began it has reported it
	}

	load(): Promise<void> {
		this.#loading ??= this.#load().finally(() => {
			this.#loading = undefined;
		});
		return this.#loading;
	}

	endSession(ended: EndedSession): void {
		this.#verifier.endSession(ended);
	}

	recall(token: string): VerifiedCaller | null {
		return this.#verifier.recall(token);
	}

	async verify(token: string): Promise<VerifiedCaller> {
		if (!this.ready) await this.#untilReady();
		try {
			return await this.#verifier.verify(token);
		} catch (error) {
			if (error instanceof DomainError) throw error;
			this.#service.logger.warn("access tokens: the key of a token could not be asked for:", error);
			throw this.#unavailable();
		}
	}

	/** Before the first load an ended session would pass: nobody passes until then. */
	async #untilReady(): Promise<void> {
		const since = clock.now() - this.#failedAt;
		if (!this.#loading && since >= 0 && since < firstTriesEvery) throw this.#unavailable();
		await this.load().catch(() => {
			throw this.#unavailable();
		});
	}

	#unavailable(): DomainError {
		return new DomainError("UNAVAILABLE", "Access tokens cannot be checked right now", { retryAfter: 1 });
	}

	async #load(): Promise<void> {
		try {
			const since = this.#asOf === undefined ? undefined : this.#asOf - overlap;
			const params = since === undefined ? {} : { since };
			const [ended] = await Promise.all([
				this.#service.broker.call<EndedSessionsAnswer, { since?: number }>("auth.endedSessions", params),
				this.#keys.load(),
			]);
			for (const session of ended.items) this.#verifier.endSession(session);
			this.#asOf = ended.asOf;
			this.#verifier.tidy();
		} catch (error) {
			this.#failedAt = clock.now();
			throw error;
		}
	}
}

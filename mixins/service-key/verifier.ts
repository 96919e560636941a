import { clock } from "../../config/clock.ts";
import type { ServiceCaller } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { Lru } from "../access-token/lru.ts";
import { parseServiceKey, type ServiceKeyClaim } from "./key-text.ts";

export interface VerifierOptions {
	/** Asks auth: null if there is no such key (any more). */
	ask: (claim: ServiceKeyClaim) => Promise<ServiceCaller | null>;
	/** How long an answer is believed, in ms: as long as a revoked key can pass on a node that the news did not reach. Default 5 s. */
	life?: number;
	/** How many keys are remembered, and how many that were revoked. Default 1,000. */
	remembered?: number;
}

interface Known {
	caller: ServiceCaller;
	until: number;
}

const refused = (): DomainError => new DomainError("UNAUTHORIZED", "The service key is not valid");

/**
 * Checks service keys by asking auth, and believes an answer for a few seconds. Keys are remembered by their SHA-256, so that the
 * memory of a gateway holds none. Ids are never used again: a key of which it was told that it is revoked stays refused.
 */
export class ServiceKeyVerifier {
	readonly #ask: VerifierOptions["ask"];
	readonly #life: number;
	readonly #known: Lru<string, Known>;
	readonly #revoked: Lru<string, true>;
	readonly #asking = new Map<string, Promise<Known | null>>();

	constructor({ ask, life = 5_000, remembered = 1_000 }: VerifierOptions) {
		this.#ask = ask;
		this.#life = life;
		this.#known = new Lru(remembered);
		this.#revoked = new Lru(remembered);
	}

	/**
	 * Who holds this key. `beforeAsking` runs first unless the key was checked a moment ago, and may refuse: a guess costs auth a
	 * look-up, so somebody has to count them. Throws `DomainError` UNAUTHORIZED, and what `beforeAsking` and `ask` throw.
	 */
	async verify(text: string, beforeAsking: () => Promise<void>): Promise<ServiceCaller> {
		const claim = parseServiceKey(text);
		const known = claim && this.#recall(claim);
		if (known) return known;
		await beforeAsking();
		if (!claim || this.#revoked.get(claim.id)) throw refused();
		const answered = await this.#askOnce(claim);
		// It may have been revoked between the answer's read and its arrival: the news then came before the answer.
		if (!answered || this.#revoked.get(claim.id)) throw refused();
		this.#known.set(claim.digest, answered);
		return answered.caller;
	}

	revoke(keyId: string): void {
		this.#revoked.set(keyId, true);
		this.#known.deleteWhere(({ caller }) => caller.keyId === keyId);
	}

	#recall({ digest }: ServiceKeyClaim): ServiceCaller | null {
		const known = this.#known.get(digest);
		if (!known) return null;
		const left = known.until - clock.now();
		// More than a whole life is left only when the clock was set back: that must not make the answer good for longer.
		if (left > 0 && left <= this.#life) return known.caller;
		this.#known.delete(digest);
		return null;
	}

	/** A program that sends a hundred requests at once costs one question. */
	#askOnce(claim: ServiceKeyClaim): Promise<Known | null> {
		const running = this.#asking.get(claim.digest);
		if (running) return running;
		const until = clock.now() + this.#life; // counted from the question: the answer is as old as that
		const asked = this.#ask(claim)
			.then((caller) => caller && { caller, until })
			.finally(() => this.#asking.delete(claim.digest));
		this.#asking.set(claim.digest, asked);
		return asked;
	}
}

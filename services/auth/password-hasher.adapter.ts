import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { hash, parseOptions, verify } from "@node-rs/argon2";
import { DomainError } from "../../contracts/errors.ts";

/** Argon2id as OWASP's password storage cheat sheet has it: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/**
 * Each takes 19 MiB and a thread of Node's pool for some 60 ms. One thread of the four stays free for files and names, and who
 * would wait for longer than a client does is told so at once.
 */
const atOnce = Math.min(3, availableParallelism());
const mostWaiting = 200;

/** Hashes and verifies passwords, a bounded number at a time. */
export class PasswordHasher {
	#running = 0;
	readonly #waiting: (() => void)[] = [];
	#nobody: Promise<string> | undefined;

	hash(password: string): Promise<string> {
		return this.#inLine(() => hash(password, parameters));
	}

	/** False also for a hash that is none: the account has no password. */
	verify(passwordHash: string, password: string): Promise<boolean> {
		if (passwordHash === "") return this.verifyNobody(password);
		return this.#inLine(() => verify(passwordHash, password));
	}

	/** Always false, after as much work as `verify`: an unknown address must not be told from a wrong password by the clock. */
	async verifyNobody(password: string): Promise<false> {
		this.#nobody ??= this.hash(randomBytes(32).toString("base64"));
		const nobody = await this.#nobody;
		await this.#inLine(() => verify(nobody, password));
		return false;
	}

	/** Makes what `verifyNobody` compares with, so that the first time takes no longer than the others. */
	async warmUp(): Promise<void> {
		await this.verifyNobody("");
	}

	/** Made with other parameters than today's: to be hashed again when the password is at hand. */
	isOutdated(passwordHash: string): boolean {
		const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(passwordHash);
		const same =
			memoryCost === parameters.memoryCost && timeCost === parameters.timeCost && parallelism === parameters.parallelism;
		return !same || algorithm !== 2; // Argon2id; the package's enum is a const enum, which does not exist at run time
	}

	async #inLine<T>(work: () => Promise<T>): Promise<T> {
		if (this.#running >= atOnce) await this.#wait();
		else this.#running++;
		try {
			return await work();
		} finally {
			// The place is handed over, not given back and taken again: nobody who comes meanwhile gets in between.
			const next = this.#waiting.shift();
			if (next) next();
			else this.#running--;
		}
	}

	#wait(): Promise<void> {
		if (this.#waiting.length >= mostWaiting) {
			throw new DomainError("UNAVAILABLE", "Too many people are logging in at the moment", { retryAfter: 5 });
		}
		return new Promise((resolve) => this.#waiting.push(resolve));
	}
}

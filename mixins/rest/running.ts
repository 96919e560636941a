/** Counts the requests that are being answered, whether or not their clients are still there. */
export class Running {
	#count = 0;
	#whenIdle: (() => void)[] = [];

	begin(): void {
		this.#count++;
	}

	end(): void {
		if (--this.#count > 0) return;
		for (const tell of this.#whenIdle.splice(0)) tell();
	}

	/** Resolves when none runs. */
	idle(): Promise<void> {
		return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
	}
}

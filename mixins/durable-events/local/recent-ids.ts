/** Ids of this round and the one before. */
export class RecentIds {
	#current = new Set<string>();
	#before = new Set<string>();

	add(id: string): void {
		this.#current.add(id);
	}

	has(id: string): boolean {
		return this.#current.has(id) || this.#before.has(id);
	}

	nextRound(): void {
		this.#before = this.#current;
		this.#current = new Set();
	}
}

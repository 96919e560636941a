/** A bounded number of entities by id, the oldest are dropped. A hint, no cache: what is in it may be out of date. */
export class Recent<T extends { _id: string }> {
	readonly #entities = new Map<string, T>();
	readonly #limit: number;

	constructor(limit: number) {
		this.#limit = limit;
	}

	add(entity: T): void {
		this.#entities.set(entity._id, entity);
		for (const oldest of this.#entities.keys()) {
			if (this.#entities.size <= this.#limit) return;
			this.#entities.delete(oldest);
		}
	}

	/** Answers it once: by the second time it has probably changed. */
	take(id: string): T | undefined {
		const entity = this.#entities.get(id);
		this.#entities.delete(id);
		return entity;
	}
}

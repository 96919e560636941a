/** A clock that stands still until it is told to go on: what is due happens in order of time, and at the same time in order of asking. */
export class Clock {
	now = 0;
	#asked = 0;
	/** A binary heap, the soonest first. */
	readonly #heap: { at: number; order: number; act: () => void }[] = [];

	later(ms: number, act: () => void): () => void {
		this.#asked += 1;
		const event = { at: this.now + Math.max(0, ms), order: this.#asked, act };
		this.#push(event);
		return () => {
			event.act = () => undefined;
		};
	}

	pass(ms: number): void {
		const end = this.now + ms;
		for (let next = this.#heap[0]; next && next.at <= end; next = this.#heap[0]) {
			this.#pop();
			this.now = next.at;
			next.act();
		}
		this.now = end;
	}

	#isSooner(one: number, other: number): boolean {
		const [a, b] = [this.#heap[one], this.#heap[other]];
		if (!a || !b) return a !== undefined;
		return a.at < b.at || (a.at === b.at && a.order < b.order);
	}

	#swap(one: number, other: number): void {
		const [a, b] = [this.#heap[one], this.#heap[other]];
		if (!a || !b) return;
		this.#heap[one] = b;
		this.#heap[other] = a;
	}

	#push(event: { at: number; order: number; act: () => void }): void {
		this.#heap.push(event);
		for (let at = this.#heap.length - 1; at > 0; ) {
			const parent = (at - 1) >> 1;
			if (!this.#isSooner(at, parent)) return;
			this.#swap(at, parent);
			at = parent;
		}
	}

	#pop(): void {
		const last = this.#heap.pop();
		if (!last || this.#heap.length === 0) return;
		this.#heap[0] = last;
		for (let at = 0; ; ) {
			const left = 2 * at + 1;
			const child = this.#isSooner(left + 1, left) ? left + 1 : left;
			if (child >= this.#heap.length || !this.#isSooner(child, at)) return;
			this.#swap(at, child);
			at = child;
		}
	}
}

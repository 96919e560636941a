// Where the logs of inboxes end, as far as this node knows: never beyond it, and behind it only if another node has written. So the next notification
// of somebody who is not here can be written without a look at their log. Of as many inboxes as were written to last.

const most = 50_000;

export class Tails {
	readonly #known = new Map<string, number>();
	#unsaved = new Map<string, number>();

	get(stream: string): number | undefined {
		return this.#known.get(stream);
	}

	/** As it is stored, or as this node has just seen it in the log, which is to be stored. */
	learn(stream: string, tail: number, stored = false): void {
		const before = this.#known.get(stream) ?? 0;
		this.#known.delete(stream);
		this.#known.set(stream, Math.max(before, tail));
		if (!stored && tail > before) this.#unsaved.set(stream, tail);
		if (this.#known.size <= most) return;
		const oldest = this.#known.keys().next();
		if (!oldest.done) this.#known.delete(oldest.value);
	}

	forget(stream: string): void {
		this.#known.delete(stream);
		this.#unsaved.delete(stream);
	}

	/** Those that are not stored yet, each once. */
	takeUnsaved(): [stream: string, tail: number][] {
		const taken = [...this.#unsaved];
		this.#unsaved = new Map();
		return taken;
	}
}

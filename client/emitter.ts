/** Listeners by event name, with the type of each event's payload. */
export class Emitter<Events extends object> {
	readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

	/** Answers how to stop listening. */
	on<Name extends keyof Events>(name: Name, listener: (payload: Events[Name]) => void): () => void {
		const listeners = this.#listeners.get(name) ?? new Set();
		this.#listeners.set(name, listeners.add(listener));
		return () => void listeners.delete(listener);
	}

	/** What a listener throws is thrown later, on its own: it must not keep the others from hearing, nor the stream from going on. */
	protected tell<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
		for (const listener of this.#listeners.get(name) ?? []) {
			try {
				listener(payload as never);
			} catch (error) {
				queueMicrotask(() => {
					throw error;
				});
			}
		}
	}
}

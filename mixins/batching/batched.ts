// Many small questions, few commands: used where each request needs a read or a write that could as well answer for others.

interface Waiting<V> {
	resolve: (value: V | undefined) => void;
	reject: (error: unknown) => void;
}

/**
 * Makes of `load`, which answers for many keys at once, a function that answers for one. Everybody who asks in the same turn of
 * the event loop, or while a load is under way, shares the next load: it begins after they have asked, so nobody is answered
 * from what was read before. Nothing is remembered. Answers undefined for a key that `load` leaves out, and throws what it throws.
 */
export const batched = <K, V>(
	load: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
	limit = 250,
): ((key: K) => Promise<V | undefined>) => {
	const waiting = new Map<K, Waiting<V>[]>();
	let running = false;

	const takeBatch = (): Map<K, Waiting<V>[]> => {
		const batch = new Map([...waiting].slice(0, limit));
		for (const key of batch.keys()) waiting.delete(key);
		return batch;
	};
	const answer = async (batch: ReadonlyMap<K, readonly Waiting<V>[]>): Promise<void> => {
		try {
			const values = await load([...batch.keys()]);
			for (const [key, all] of batch) for (const { resolve } of all) resolve(values.get(key));
		} catch (error) {
			for (const { reject } of [...batch.values()].flat()) reject(error);
		}
	};
	const run = async (): Promise<void> => {
		while (waiting.size > 0) await answer(takeBatch());
		running = false;
	};
	return (key) =>
		new Promise((resolve, reject) => {
			waiting.set(key, [...(waiting.get(key) ?? []), { resolve, reject }]);
			if (running) return;
			running = true;
			// After the callbacks of this turn, so that all who were woken by the same answer share the first load as well.
			setImmediate(() => void run());
		});
};

// Work on one key, one after the other, within this process. Keys are per owner, so that two stores do not wait for each other.

const queues = new WeakMap<object, Map<string, Promise<unknown>>>();

const queueOf = (owner: object): Map<string, Promise<unknown>> => {
	const queue = queues.get(owner) ?? new Map<string, Promise<unknown>>();
	queues.set(owner, queue);
	return queue;
};

/** Runs `work` once all earlier work of this owner on this key has ended, well or not, and answers as it does. */
export const inTurn = <T>(key: string, owner: object, work: () => Promise<T>): Promise<T> => {
	const queue = queueOf(owner);
	const before = queue.get(key);
	const mine = before ? before.then(work, work) : work();
	queue.set(key, mine);
	const done = (): void => {
		if (queue.get(key) === mine) queue.delete(key);
	};
	mine.then(done, done);
	return mine;
};

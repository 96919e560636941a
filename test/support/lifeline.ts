/** What a process says that is not there any more. */
export class ProcessGone extends Error {
	override readonly name = "ProcessGone";
}

const calls = ["create", "createMany", "update", "updateMany", "findById", "findByIds", "findOne", "find", "remove"] as const;

/**
 * Lets work on some collections die after so many steps, as kill -9 would: a step is a call on its way to the store, or its
 * answer on the way back, so that both "never written" and "written, but nobody heard" happen. After the last step nothing gets
 * through any more until the next life.
 */
export class Lifeline {
	#left = Number.POSITIVE_INFINITY;
	readonly #restore: (() => void)[] = [];

	constructor(...collections: readonly object[]) {
		for (const collection of collections) {
			for (const name of calls) this.#guard(collection as Record<string, (...args: unknown[]) => Promise<unknown>>, name);
		}
	}

	/** From now on so many steps are left; without a number, no end. */
	live(steps = Number.POSITIVE_INFINITY): void {
		this.#left = steps;
	}

	/** The collections are as they were. */
	cut(): void {
		for (const restore of this.#restore) restore();
	}

	#guard(collection: Record<string, (...args: unknown[]) => Promise<unknown>>, name: string): void {
		const call = collection[name];
		if (!call) return;
		collection[name] = async (...args) => {
			this.#step();
			const answer = await call.apply(collection, args);
			this.#step();
			return answer;
		};
		this.#restore.push(() => Reflect.deleteProperty(collection, name));
	}

	#step(): void {
		this.#left -= 1;
		if (this.#left < 0) throw new ProcessGone("the process is gone");
	}
}

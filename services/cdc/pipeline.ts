// What is on its way to the bus: many at once, those of one document one after the other; and how far all of it has arrived.

interface Step<Mark> {
	mark: Mark;
	done: boolean;
}

/**
 * Changes are handed over in the order of the stream. A mark is where the stream can be gone on from: `settled` is the last one before
 * which everything has arrived.
 */
export class Pipeline<Message, Mark> {
	readonly #width: number;
	readonly #publish: (message: Message) => Promise<void>;
	/** The last of each document that is on its way. */
	readonly #last = new Map<string, Promise<void>>();
	readonly #steps: Step<Mark>[] = [];
	#inFlight = 0;
	#settled: Mark | undefined;
	#failure: { error: unknown } | undefined;
	#change = Promise.withResolvers<void>();

	/** `publish` resolves when the message has arrived for good. If it rejects, nothing after it goes out. */
	constructor(width: number, publish: (message: Message) => Promise<void>) {
		this.#width = width;
		this.#publish = publish;
	}

	get inFlight(): number {
		return this.#inFlight;
	}

	get settled(): Mark | undefined {
		return this.#settled;
	}

	/** The mark of the first that has not arrived. */
	get waiting(): Mark | undefined {
		return this.#steps[0]?.mark;
	}

	/** Waits for room. Rejects with what `publish` rejected with. */
	async push(key: string, message: Message, mark: Mark): Promise<void> {
		while (this.#inFlight >= this.#width && !this.#failure) await this.#change.promise;
		this.#check();
		const step: Step<Mark> = { mark, done: false };
		this.#steps.push(step);
		this.#inFlight += 1;
		const sent = (this.#last.get(key) ?? Promise.resolve()).then(() => this.#send(message, step));
		this.#last.set(key, sent);
		void sent.then(() => {
			if (this.#last.get(key) === sent) this.#last.delete(key);
		});
	}

	/** Nothing is to be sent for this one. */
	pass(mark: Mark): void {
		const last = this.#steps.at(-1);
		if (last?.done) last.mark = mark;
		else this.#steps.push({ mark, done: true });
		this.#advance();
	}

	/** Resolves when nothing is on its way; rejects with what `publish` rejected with. */
	async drained(): Promise<void> {
		while (this.#inFlight > 0) await this.#change.promise;
		this.#check();
	}

	async #send(message: Message, step: Step<Mark>): Promise<void> {
		try {
			if (this.#failure) return; // one before it did not arrive: neither may this one
			await this.#publish(message);
			step.done = true;
			this.#advance();
		} catch (error) {
			this.#failure ??= { error };
		} finally {
			this.#inFlight -= 1;
			const { resolve } = this.#change;
			this.#change = Promise.withResolvers();
			resolve();
		}
	}

	#advance(): void {
		for (let first = this.#steps[0]; first?.done; first = this.#steps[0]) {
			this.#settled = first.mark;
			this.#steps.shift();
		}
	}

	#check(): void {
		if (this.#failure) throw this.#failure.error;
	}
}

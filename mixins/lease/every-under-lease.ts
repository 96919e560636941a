import { Lease, type LeaseOptions, type Term } from "./lease.ts";

export interface JobLogger {
	warn(...args: unknown[]): void;
	error(...args: unknown[]): void;
}

export interface LeasedJobOptions extends LeaseOptions {
	/** From the end of one run to the start of the next, in ms. */
	everyMs: number;
	/**
	 * One round. It should look at `signal` between its steps: when that has aborted, the lease is lost and another node may
	 * be doing the same, or this job is being stopped.
	 * A throw is logged, and the next round comes all the same.
	 */
	run: (signal: AbortSignal, epoch: number) => Promise<void>;
	logger: JobLogger;
}

export interface LeasedJob {
	/** True while this node holds the lease. */
	readonly held: boolean;
	/** The next round starts at once (if we hold the lease), or right after the one that is running. */
	wake(): void;
	/** Resolves when the round that was running is over and the lease is let go. */
	stop(): Promise<void>;
}

/** A pause that can be cut short, also before it begins. */
class Pause {
	#woken = false;
	#end: (() => void) | undefined;

	wake(): void {
		this.#woken = true;
		this.#end?.();
	}

	async wait(ms: number): Promise<void> {
		if (!this.#woken) {
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, ms);
				this.#end = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		}
		this.#end = undefined;
		this.#woken = false;
	}
}

/**
 * Does `run` again and again on one node at a time: sweepers, reconcilers. The lease is kept by a loop of its own, so that a
 * long round does not lose it. The first round starts as soon as the lease is held.
 */
export const everyUnderLease = (options: LeasedJobOptions): LeasedJob => {
	const { name, everyMs, run, timeoutMs, logger } = options;
	const lease = new Lease(options);
	const beats = new Pause();
	const rounds = new Pause();
	const end = new AbortController();
	let over = false;
	let stopped: Promise<void> | undefined;

	const beat = async (): Promise<void> => {
		const before = lease.term;
		const term = await lease.beat();
		if (term && term !== before) rounds.wake();
	};
	const keep = async (): Promise<void> => {
		while (!over) {
			await beat().catch((error) => logger.warn(`lease ${name}: not renewed:`, error));
			if (!over) await beats.wait(timeoutMs / 3);
		}
	};
	const round = async ({ signal, epoch }: Term): Promise<void> => {
		try {
			await run(AbortSignal.any([signal, end.signal]), epoch);
		} catch (error) {
			logger.error(`${name}: this round failed, the next one comes:`, error);
		}
	};
	const work = async (): Promise<void> => {
		while (!end.signal.aborted) {
			const term = lease.term;
			if (term) await round(term);
			if (!end.signal.aborted) await rounds.wait(term ? everyMs : timeoutMs);
		}
	};
	const kept = keep();
	const worked = work();

	const stop = async (): Promise<void> => {
		end.abort();
		rounds.wake();
		await worked; // the lease is renewed until the last round is over
		over = true;
		beats.wake();
		await kept;
		await lease.release().catch((error) => logger.warn(`lease ${name}: not released, others wait ${timeoutMs} ms:`, error));
	};
	return {
		get held() {
			return lease.term !== null;
		},
		wake: () => rounds.wake(),
		stop: () => {
			stopped ??= stop();
			return stopped;
		},
	};
};

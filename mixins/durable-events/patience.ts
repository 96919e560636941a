import { outagePause } from "./outage.ts";

/** We are being stopped: whatever was waited for is left to the next process. */
export class Stopping extends Error {
	override readonly name = "Stopping";
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
	new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener(
			"abort",
			() => {
				clearTimeout(timer);
				resolve();
			},
			{ once: true },
		);
	});

export interface PatienceOptions {
	/** Errors that time will heal. Others are thrown on. */
	heals: (error: unknown) => boolean;
	signal: AbortSignal;
	/** Told of the first failure of a row. */
	onWait?: (error: unknown) => void;
}

/** Does `step` until it succeeds or fails for good. Throws `Stopping` if the signal aborts in between. */
export const patiently = async <T>(step: () => Promise<T>, { heals, signal, onWait }: PatienceOptions): Promise<T> => {
	for (let wait: number = outagePause.firstMs; ; wait = Math.min(wait * 2, outagePause.longestMs)) {
		try {
			return await step();
		} catch (error) {
			if (!heals(error)) throw error;
			if (wait === outagePause.firstMs) onWait?.(error);
			if (!signal.aborted) await pause(wait * (0.5 + Math.random() / 2), signal);
			if (signal.aborted) throw new Stopping("stopped while waiting", { cause: error });
		}
	}
};

import { clock } from "../../config/clock.ts";
import { removeOldest } from "../store/remove-oldest.ts";
import type { BusLogger, RecordStore } from "./bus.ts";
import { fixed } from "./settings.ts";

/**
 * Sweeps records that have had their time; answers how to stop. Not a TTL index: nothing that has to be right may hang on one.
 * And without a lease: to remove what is expired already does no harm twice, and once a minute from every node costs less
 * than a lease that is renewed every second.
 */
export const expireRecords = ({ service, inbox }: RecordStore, logger: BusLogger): (() => Promise<void>) => {
	const stopping = new AbortController();
	let running: Promise<unknown> = Promise.resolve();
	const sweep = (): void => {
		running = removeOldest(inbox, "expiresAt", clock.now(), stopping.signal).catch((error) =>
			logger.warn(`expired records of ${service} were not removed, the next round comes:`, error),
		);
	};
	const timer = setInterval(sweep, fixed.expireEvery * (0.5 + Math.random()));
	timer.unref();
	return async () => {
		stopping.abort();
		clearInterval(timer);
		await running;
	};
};

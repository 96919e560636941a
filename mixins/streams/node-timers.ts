import { clock } from "../../config/clock.ts";
import type { Timers } from "../../realtime/ports.ts";

/** The clock and the timers of this process, for the stream engine. */
export const nodeTimers: Timers = {
	now: () => clock.now(),
	after(ms, run) {
		const timer = setTimeout(run, ms);
		return () => clearTimeout(timer);
	},
	soon(run) {
		setImmediate(run);
	},
};

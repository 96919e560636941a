// How a process ends on SIGTERM and SIGINT: it drains once, and not for ever.

const drainBound = 15_000;
/** Ctrl-C under npm arrives twice, from the terminal and from npm; only a later one is a person who has waited enough. */
const sameKeystroke = 1_000;

/** Calls `drain` at the first signal (or when `stopEarly` is called), then exits 0; 1 if it failed or took too long. */
export const drainOnSignals = (drain: () => Promise<void>, bound = drainBound): { stopEarly: () => void } => {
	let since: number | null = null;
	const finish = async (): Promise<void> => {
		setTimeout(() => {
			console.error(`Souk did not drain within ${bound / 1_000} s and ends anyway.`);
			process.exit(1);
		}, bound).unref();
		try {
			await drain();
			process.exit(0);
		} catch (error) {
			console.error("Souk could not drain:", error);
			process.exit(1);
		}
	};
	const onSignal = (): void => {
		if (since === null) {
			since = Date.now();
			void finish();
		} else if (Date.now() - since > sameKeystroke) {
			console.error("Souk was told twice and ends without draining.");
			process.exit(1);
		}
	};
	process.on("SIGTERM", onSignal);
	process.on("SIGINT", onSignal);
	return { stopEarly: onSignal };
};

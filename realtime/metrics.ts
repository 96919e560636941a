/** Plain numbers since the start of the engine, for figures and gauges. */
export class Metrics {
	activations = 0;
	unloads = 0;
	/** Writes that were sent to the log, and the entries that they stored. */
	commits = 0;
	entries = 0;
	repeats = 0;
	taken = 0;
	uncertain = 0;
	overloaded = 0;
	/** Frames of live entries that were encoded, and entries × followers that went out with them. */
	frames = 0;
	deliveries = 0;
	/** How often a follower fell behind, and pages sent to those who had. */
	lags = 0;
	pagesFromRecent = 0;
	pagesFromLog = 0;
	rounds = 0;
	failedRounds = 0;
	moved = 0;
	/** Followers who came back with a position that the log has. */
	resumed = 0;
}

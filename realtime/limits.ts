/** Every bound of the engine. Sizes are bytes of JSON in UTF-8, times are milliseconds. */
export interface Limits {
	mailboxEntries: number;
	mailboxBytes: number;
	batchEntries: number;
	batchBytes: number;
	recentEntries: number;
	recentBytes: number;
	sinkBytes: number;
	sinkEntries: number;
	heldMessages: number;
	pageEntries: number;
	pageBytes: number;
	pagesPerTurn: number;
	pageReads: number;
	firstEntries: number;
	firstEntriesMax: number;
	historyMax: number;
	tries: number;
	retryMs: number;
	retryMaxMs: number;
	answerMs: number;
	backstopMs: number;
	backstopRoundMs: number;
	backstopFailures: number;
	idleMs: number;
	flushMs: number;
	moveBatch: number;
	moveBatches: number;
	movePauseMs: number;
	typingMs: number;
	presenceGraceMs: number;
	presenceUsers: number;
}

export const defaultLimits: Readonly<Limits> = {
	// Posts of one stream that wait or are in flight: a second or two of what a database stores one batch at a time. More would only wait longer.
	mailboxEntries: 2_000,
	mailboxBytes: 4 * 1024 * 1024,
	// One write: large enough that 64 posters cost a few commands, small enough that a write, and the frame it becomes, takes milliseconds.
	batchEntries: 256,
	batchBytes: 256 * 1024,
	// What a client misses while it reconnects comes from here. Ten thousand busy streams hold at most 2.5 GB, idle ones nothing.
	recentEntries: 256,
	recentBytes: 256 * 1024,
	// Past this a follower is caught up later. At most one frame (a batch or a page) comes on top.
	sinkBytes: 256 * 1024,
	sinkEntries: 1_000,
	// Newest-wins messages kept for one lagging follower: a group's worth of presence and receipts. The oldest goes first.
	heldMessages: 256,
	// One read and one frame of a catch-up. Small, so that those who are live wait little for those who are not.
	pageEntries: 100,
	pageBytes: 128 * 1024,
	// Pages from memory before live traffic has its turn.
	pagesPerTurn: 16,
	// Pages that are read from the log at once, over all streams: the database's other work goes on.
	pageReads: 4,
	firstEntries: 50,
	firstEntriesMax: 200,
	historyMax: 200,
	// A log that refuses is asked this often before posts fail: with the waits below about two seconds, which a primary's election may outlast. Clients repeat.
	tries: 6,
	retryMs: 50,
	retryMaxMs: 2_000,
	// A log that takes longer has lost the question: it is asked again, as after a lost answer.
	answerMs: 10_000,
	// How long an owner may be stale: a round every five seconds, three of them failed, each given four seconds: about half a minute.
	backstopMs: 5_000,
	backstopRoundMs: 4_000,
	backstopFailures: 3,
	// Longer than a client needs to come back, so that its ring is still there.
	idleMs: 60_000,
	// What a hand-over waits for posts that are under way.
	flushMs: 5_000,
	// Streams that are handed over at once, and the wait between two such batches, half of it at random.
	moveBatch: 50,
	movePauseMs: 200,
	// No more batches than this, however many streams there are: until it is told to move, a follower does not see what others write at the
	// new owner. Clients wait for up to a second by themselves, which spreads them; together it is less than two seconds.
	moveBatches: 4,
	typingMs: 5_000,
	// A reconnect is not an absence.
	presenceGraceMs: 10_000,
	// Rows of people who left are forgotten beyond this, the oldest first.
	presenceUsers: 1_000,
};

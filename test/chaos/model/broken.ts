/** What can be broken in the model on purpose. The checker has to find each. */
export const breakages = [
	/** The log takes two entries under one seq. */
	"fence off",
	"ack before the write",
	/** Followers hear of an entry before the log has it. */
	"deliver before the write",
	"resume off by one",
	/** The log takes the same id of the same poster twice. */
	"forget the id key",
	/** What follows a repeat in its batch keeps its seqs, so that the repeat's is never used. */
	"renumber wrongly after a repeat",
	"live before catch-up ended",
	"skip the catch-up",
	/** An owner that lost its stream and got it back goes on from what it remembers. */
	"stale ring without fence",
] as const;
export type Breakage = (typeof breakages)[number];

/**
 * One entry of a stream. Entries of a stream have seq 1, 2, 3 … without a gap; they are never changed or renumbered. What must be gone
 * keeps its seq and loses its body (`erased`).
 */
export interface Entry<Body = unknown> {
	/** `[A-Za-z0-9._:-]{1,64}`; decides who owns the stream. */
	stream: string;
	/** From 1. */
	seq: number;
	/** Chosen by who posted it, unique among what they posted to this stream: 1..64 of letters, digits and `._:-`. */
	id: string;
	/** For example `message.posted`. */
	type: string;
	/** The id of the user who posted it. */
	from: string;
	/** Null exactly when `erased`. */
	body: Body | null;
	/** ISO 8601, UTC: when its owner took it in. Not ascending for certain: two owners have two clocks. */
	at: string;
	erased?: true;
}

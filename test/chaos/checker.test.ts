import assert from "node:assert/strict";
import type { Entry } from "../../realtime/entry.ts";
import { check, type Kind } from "./checker.ts";
import { type Outcome, Recorder } from "./history.ts";

const entry = (seq: number, id = `m${seq}`, text = `text of ${id}`): Entry => ({
	stream: "s",
	seq,
	id,
	type: "message.posted",
	from: "ann",
	body: { text },
	at: "2026-01-01T00:00:00.000Z",
});
const entries = (from: number, to: number): Entry[] => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));

/** A history in which all is well: five entries, posted and acked. */
const well = (log: Entry[] = entries(1, 5)): Recorder => {
	const recorder = new Recorder();
	for (const { seq, id } of entries(1, 5)) {
		post(recorder, id, { kind: "acked", seq });
	}
	recorder.logs.set("s", log);
	return recorder;
};
const post = (recorder: Recorder, id: string, outcome: Outcome, text = `text of ${id}`): void => {
	recorder.try({ who: "p0", stream: "s", from: "ann", id, text }).outcome = outcome;
};
const follow = (recorder: Recorder, after: number | undefined, seen: Entry[], reset = false): void => {
	const session = recorder.session("p1", "s", after === undefined ? {} : { after, lastId: `m${after}` });
	session.ready = { seq: 5, reset };
	session.entries.push(...seen);
};

const finds = (recorder: Recorder, ...kinds: Kind[]): void => {
	assert.deepEqual([...new Set(check(recorder).map(({ kind }) => kind))].sort(), kinds.sort());
};

describe("the checker of histories", () => {
	it("has nothing to say where all is well: resumes, posts again, a reused id, an unknown outcome", () => {
		const recorder = well();
		follow(recorder, 0, entries(1, 3));
		follow(recorder, 3, entries(4, 5));
		follow(recorder, undefined, entries(2, 5));
		follow(recorder, 5, []);
		post(recorder, "m2", { kind: "acked", seq: 2 });
		post(recorder, "m2", { kind: "refused", code: "ID_REUSED" }, "another text");
		post(recorder, "m3", { kind: "unknown" });
		recorder.page("p2", "s", 1, entries(2, 4));
		recorder.positions.push({ who: "p1", stream: "s", after: 5 });
		finds(recorder);
	});

	it("finds an acked post that is not in the log", () => finds(well(entries(1, 4)), "lost"));

	it("finds an ack that names the seq of another entry", () => {
		const recorder = well();
		post(recorder, "m2", { kind: "acked", seq: 3 });
		finds(recorder, "wrong seq", "seq twice");
	});

	it("finds an ack to a text that the log does not have", () => {
		const recorder = well();
		post(recorder, "m2", { kind: "acked", seq: 2 }, "another text");
		finds(recorder, "wrong seq");
	});

	it("finds a seq in the log that two entries have", () => {
		const recorder = well([...entries(1, 5), entry(5, "m6")]);
		post(recorder, "m6", { kind: "acked", seq: 5 });
		finds(recorder, "seq twice", "repeat", "disagreement");
	});

	it("finds a post that is in the log twice", () => finds(well([...entries(1, 5), entry(6, "m2")]), "posted twice"));

	it("finds a post that was refused and is in the log all the same", () => {
		const recorder = well();
		post(recorder, "m2", { kind: "refused", code: "ID_REUSED" });
		finds(recorder, "wrong refusal");
	});

	it("finds an id that was called used and is not in the log", () => {
		const recorder = well();
		post(recorder, "m9", { kind: "refused", code: "ID_REUSED" });
		finds(recorder, "wrong refusal");
	});

	it("finds a member who was refused for good", () => {
		const recorder = well();
		post(recorder, "m9", { kind: "refused", code: "NOT_FOUND" });
		finds(recorder, "wrong refusal");
	});

	it("finds an entry that nobody posted, and one with another text", () => {
		finds(well([...entries(1, 5), entry(6, "m6")]), "unposted");
		finds(well([...entries(1, 4), entry(5, "m5", "changed")]), "unposted", "wrong seq");
	});

	it("finds a hole in the log, and a log that does not begin with 1", () => {
		finds(well([...entries(1, 2), ...entries(4, 5)]), "gap", "lost");
		finds(well(entries(2, 5)), "gap", "lost");
	});

	it("finds a hole and a repeat in what one connection got", () => {
		const holed = well();
		follow(holed, 0, [entry(1), entry(3)]);
		finds(holed, "gap");
		const repeated = well();
		follow(repeated, 0, [entry(1), entry(2), entry(2)]);
		finds(repeated, "repeat");
	});

	it("finds a resume that skips, repeats, or starts over without need", () => {
		const skips = well();
		follow(skips, 2, entries(4, 5));
		finds(skips, "resume skips");
		const repeats = well();
		follow(repeats, 2, entries(2, 5));
		finds(repeats, "resume repeats");
		const over = well();
		follow(over, 2, entries(1, 5), true);
		finds(over, "false reset");
	});

	it("finds a newcomer who is greeted at one entry and gets a much later one first", () => {
		const recorder = well([...entries(1, 5), ...entries(6, 8)]);
		for (const { id, seq } of entries(6, 8)) post(recorder, id, { kind: "acked", seq });
		follow(recorder, undefined, entries(7, 8));
		finds(recorder, "gap");
	});

	it("finds entries that came before the greeting", () => {
		const recorder = well();
		follow(recorder, 0, entries(1, 5));
		Object.assign(recorder.sessions[0] ?? {}, { early: true });
		finds(recorder, "early");
	});

	it("finds two readers who saw different entries under one seq, on sockets and in pages", () => {
		const onSockets = well();
		follow(onSockets, 0, [...entries(1, 2), entry(3, "m4")]);
		finds(onSockets, "disagreement");
		const inPages = well();
		inPages.page("p2", "s", 2, [{ ...entry(3), at: "2026-01-01T00:00:01.000Z" }]);
		finds(inPages, "disagreement");
	});

	it("finds a reader who saw what is not in the log", () => {
		const recorder = well();
		follow(recorder, 5, [entry(6)]);
		finds(recorder, "disagreement");
	});

	it("finds a page with a hole, and one that begins elsewhere", () => {
		const holed = well();
		holed.page("p2", "s", 0, [entry(1), entry(3)]);
		finds(holed, "gap");
		const elsewhere = well();
		elsewhere.page("p2", "s", 2, [entry(2), entry(3)]);
		finds(elsewhere, "repeat");
	});

	it("finds a follower who did not reach the end, and a post without an answer", () => {
		const behind = well();
		behind.positions.push({ who: "p1", stream: "s", after: 4 });
		finds(behind, "behind");
		const stuck = well();
		post(stuck, "m9", { kind: "unknown" });
		finds(stuck, "stuck");
	});

	it("shows what was done and seen around a violation, in order", () => {
		const recorder = new Recorder();
		recorder.logs.set("s", [entry(1)]);
		post(recorder, "m1", { kind: "acked", seq: 1 });
		recorder.fault("kill n1");
		post(recorder, "m2", { kind: "acked", seq: 2 });
		const [violation] = check(recorder);
		assert.equal(violation?.what, "p0's post ann/m2 was acked as 2 and is not in the log");
		assert.deepEqual(violation.excerpt, [
			'    1  p0 posts m1 "text of m1": acked as 1',
			"    2  -- kill n1",
			'    3  p0 posts m2 "text of m2": acked as 2',
			'  log  1 ann/m1 {"text":"text of m1"}',
			"  log  ends at 1",
		]);
	});
});

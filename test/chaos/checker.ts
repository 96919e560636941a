import type { Entry } from "../../realtime/entry.ts";
import { excerpt } from "./excerpt.ts";
import type { History, Session, Try } from "./history.ts";

// Reads a history and finds where it breaks what a stream promises: acked is durable, one order without a gap for everybody, once, resume.
// It knows nothing of how the servers work.

export type Kind =
	/** Acknowledged, and not in the log. */
	| "lost"
	/** An ack names the seq of another entry. */
	| "wrong seq"
	/** One seq, acknowledged to two posts. */
	| "seq twice"
	/** A post is in the log more than once. */
	| "posted twice"
	/** A post was refused for good, and is in the log; or an id was called reused although the text is the same. */
	| "wrong refusal"
	/** An entry that nobody posted, or with another text. */
	| "unposted"
	| "gap"
	| "repeat"
	/** The first entries after a resume are not those that follow the position. */
	| "resume skips"
	| "resume repeats"
	/** The client's position is in the log, and the server said that it is not. */
	| "false reset"
	/** Entries before the greeting. */
	| "early"
	/** Two readers saw different entries under one seq. */
	| "disagreement"
	/** All was quiet and healed, and a follower never got the rest. */
	| "behind"
	/** All was quiet and healed, and a post never got its answer. */
	| "stuck"
	/** A node ended although nobody had ended it, or did not end when it was told to. */
	| "crash"
	/** All was healed, and a stream could not be read. */
	| "unreadable";

export interface Violation {
	kind: Kind;
	/** One sentence. */
	what: string;
	/** What clients did and saw around it, in order. */
	excerpt: readonly string[];
}

type Say = (kind: Kind, stream: string, seqs: readonly number[], what: string, id?: string) => void;

const keyOf = ({ from, id }: { from: string; id: string }): string => `${from}/${id}`;
const contentOf = ({ id, type, from, body, at }: Entry): string => JSON.stringify([id, type, from, body, at]);
const textOf = ({ body }: Entry): unknown => (body as { text?: unknown } | null)?.text;

/** Every violation, at most `limit` of each kind. */
export const check = (history: History, limit = 3): Violation[] => {
	const found: Violation[] = [];
	const counts = new Map<Kind, number>();
	const say: Say = (kind, stream, seqs, what, id) => {
		const count = (counts.get(kind) ?? 0) + 1;
		counts.set(kind, count);
		if (count <= limit) found.push({ kind, what, excerpt: excerpt(history, stream, seqs, id) });
	};
	for (const [stream, log] of history.logs) {
		checkLog(stream, log, history, say);
		checkTries(stream, log, history, say);
		checkPositions(stream, log, history, say);
		checkAgreement(stream, log, history, say);
	}
	for (const session of history.sessions) checkSession(session, history.logs.get(session.stream) ?? [], say);
	checkPages(history, say);
	for (const { kind, what } of history.remarks) say(kind, "", [], what);
	return found;
};

const isStep = (name: string, stream: string, before: number, seq: number, say: Say): void => {
	if (seq > before + 1) say("gap", stream, [before, seq], `${name} got ${seq} right after ${before}`);
	if (seq <= before) say("repeat", stream, [seq], `${name} got ${seq} after ${before}`);
};

const checkRun = (name: string, stream: string, entries: readonly Entry[], say: Say): void => {
	for (const [index, { seq }] of entries.entries()) {
		const before = entries[index - 1];
		if (before) isStep(name, stream, before.seq, seq, say);
	}
};

const checkLog = (stream: string, log: readonly Entry[], { tries }: History, say: Say): void => {
	const first = log[0];
	if (first && first.seq !== 1) say("gap", stream, [first.seq], `the log begins with ${first.seq}`);
	checkRun("the log", stream, log, say);
	const texts = new Map<string, Set<string>>();
	for (const attempt of tries) {
		if (attempt.stream !== stream) continue;
		const of = texts.get(keyOf(attempt)) ?? new Set();
		texts.set(keyOf(attempt), of.add(attempt.text));
	}
	const seqOf = new Map<string, number>();
	for (const entry of log) {
		const key = keyOf(entry);
		const earlier = seqOf.get(key);
		if (earlier !== undefined)
			say("posted twice", stream, [earlier, entry.seq], `${key} is in the log as ${earlier} and as ${entry.seq}`, entry.id);
		else seqOf.set(key, entry.seq);
		if (!texts.get(key)?.has(String(textOf(entry))))
			say("unposted", stream, [entry.seq], `nobody posted ${entry.seq}, ${contentOf(entry)}`, entry.id);
	}
};

const checkTries = (stream: string, log: readonly Entry[], { tries }: History, say: Say): void => {
	const logged = new Map(log.toReversed().map((entry) => [keyOf(entry), entry])); // of two, the first
	const given = new Map<number, Try>();
	const answered = new Map<string, boolean>();
	for (const attempt of tries) {
		if (attempt.stream !== stream) continue;
		const { outcome, id } = attempt;
		const name = `${attempt.who}'s post ${keyOf(attempt)}`;
		const entry = logged.get(keyOf(attempt));
		answered.set(keyOf(attempt), (answered.get(keyOf(attempt)) ?? false) || outcome.kind !== "unknown");
		if (outcome.kind === "refused") checkRefusal(attempt, outcome.code, entry, say);
		if (outcome.kind !== "acked") continue;
		const { seq } = outcome;
		const other = given.get(seq);
		if (other && keyOf(other) !== keyOf(attempt))
			say("seq twice", stream, [seq], `${seq} was acked to ${keyOf(other)} and to ${keyOf(attempt)}`, id);
		given.set(seq, attempt);
		if (!entry) say("lost", stream, [seq], `${name} was acked as ${seq} and is not in the log`, id);
		else if (entry.seq !== seq)
			say("wrong seq", stream, [seq, entry.seq], `${name} was acked as ${seq} and is ${entry.seq} in the log`, id);
		else if (textOf(entry) !== attempt.text)
			say("wrong seq", stream, [seq], `${name} was acked with another text than the log has`, id);
	}
	for (const [key, done] of answered) {
		const id = key.slice(key.indexOf("/") + 1);
		if (!done) say("stuck", stream, [], `${key} was never answered`, id);
	}
};

const checkRefusal = (attempt: Try, code: string, entry: Entry | undefined, say: Say): void => {
	const { stream, id, text } = attempt;
	// Everybody here is a member and posts what is allowed, so there is one refusal that can be right.
	if (code !== "ID_REUSED") say("wrong refusal", stream, [], `${keyOf(attempt)} was refused for good with ${code}`, id);
	else if (!entry) say("wrong refusal", stream, [], `${keyOf(attempt)} was refused as used, but is not in the log`, id);
	if (entry && textOf(entry) === text)
		say("wrong refusal", stream, [entry.seq], `${keyOf(attempt)} was refused with ${code} and is in the log as ${entry.seq}`, id);
};

const checkPositions = (stream: string, log: readonly Entry[], { positions }: History, say: Say): void => {
	const tail = log.at(-1)?.seq ?? 0;
	for (const position of positions) {
		if (position.stream !== stream || position.after === tail) continue;
		const { who, after } = position;
		say("behind", stream, [after, tail], `${who} stands at ${after} although the log ends at ${tail} and all is quiet`);
	}
};

const checkAgreement = (stream: string, log: readonly Entry[], { sessions, pages }: History, say: Say): void => {
	const truth = new Map<number, { content: string; who: string }>();
	const see = (who: string, entry: Entry): void => {
		const known = truth.get(entry.seq);
		const content = contentOf(entry);
		if (!known) truth.set(entry.seq, { content, who });
		else if (known.content !== content)
			say("disagreement", stream, [entry.seq], `${who} saw ${content} as ${entry.seq}, ${known.who} saw ${known.content}`);
	};
	const readers = [{ who: "the log", stream, entries: log }, ...sessions, ...pages];
	for (const reader of readers) {
		if (reader.stream !== stream) continue;
		for (const entry of reader.entries) see(reader.who, entry);
	}
	const tail = log.at(-1)?.seq ?? 0;
	for (const reader of readers) {
		const last = reader.stream === stream ? reader.entries.at(-1)?.seq : undefined;
		if (last !== undefined && last > tail)
			say("disagreement", stream, [tail, last], `${reader.who} saw ${last} although the log ends at ${tail}`);
	}
};

const checkSession = (session: Session, log: readonly Entry[], say: Say): void => {
	const { who, stream, asked, ready, entries, early } = session;
	if (early) say("early", stream, [entries[0]?.seq ?? 0], `${who} got entries before the greeting`);
	checkRun(who, stream, entries, say);
	const { after, lastId } = asked;
	if (ready?.reset) {
		const inLog = after === 0 || log.some(({ seq, id }) => seq === after && (lastId === undefined || id === lastId));
		if (after === undefined || inLog)
			say("false reset", stream, [after ?? 0], `${who} stands at ${after} and was told to start over`);
		return;
	}
	const first = entries[0]?.seq;
	if (first === undefined) return;
	if (after === undefined) {
		if (ready && first > ready.seq + 1)
			say("gap", stream, [ready.seq, first], `${who} was greeted at ${ready.seq} and got ${first} first`);
		return;
	}
	if (first > after + 1) say("resume skips", stream, [after, first], `${who} resumed after ${after} and got ${first} first`);
	if (first <= after) say("resume repeats", stream, [after, first], `${who} resumed after ${after} and got ${first} first`);
};

const checkPages = ({ pages }: History, say: Say): void => {
	for (const { who, stream, after, entries } of pages) {
		checkRun(`${who}'s page`, stream, entries, say);
		const first = entries[0]?.seq;
		if (first !== undefined && first !== after + 1)
			say(
				first > after ? "gap" : "repeat",
				stream,
				[after, first],
				`${who} asked for the page after ${after} and got ${first} first`,
			);
	}
};

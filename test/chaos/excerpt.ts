import type { Entry } from "../../realtime/entry.ts";
import type { History, Outcome } from "./history.ts";

// What a person needs to see of a history to understand one violation: the posts and readers of those seqs, and what was done to the servers.

const lines = 40;
const around = 2;

const seqsOf = (entries: readonly Entry[]): string => {
	const parts: string[] = [];
	let from: number | undefined;
	for (const [index, { seq }] of entries.entries()) {
		from ??= seq;
		if (entries[index + 1]?.seq === seq + 1) continue;
		parts.push(from === seq ? `${seq}` : `${from}-${seq}`);
		from = undefined;
	}
	return parts.join(" ") || "nothing";
};

const outcomeOf = (outcome: Outcome): string => {
	if (outcome.kind === "acked") return `acked as ${outcome.seq}`;
	return outcome.kind === "refused" ? `refused with ${outcome.code}` : "no answer";
};

export const excerpt = (history: History, stream: string, seqs: readonly number[], id?: string): string[] => {
	const near = (seq: number): boolean => seqs.some((one) => Math.abs(one - seq) <= around);
	const touches = (entries: readonly Entry[]): boolean => entries.some((entry) => near(entry.seq) || entry.id === id);
	const log = history.logs.get(stream) ?? [];
	const ids = new Set(log.filter(({ seq }) => near(seq)).map((entry) => entry.id));
	const found: { at: number; line: string }[] = history.faults.map(({ at, what }) => ({ at, line: `-- ${what}` }));
	for (const attempt of history.tries) {
		const acked = attempt.outcome.kind === "acked" && near(attempt.outcome.seq);
		if (attempt.stream !== stream || !(attempt.id === id || ids.has(attempt.id) || acked)) continue;
		found.push({ at: attempt.at, line: `${attempt.who} posts ${attempt.id} "${attempt.text}": ${outcomeOf(attempt.outcome)}` });
	}
	for (const { at, who, stream: of, asked, ready, entries, ended } of history.sessions) {
		if (of !== stream || !(touches(entries) || near(asked.after ?? -9) || (ready && near(ready.seq)))) continue;
		const greeting = ready ? `greeted at ${ready.seq}${ready.reset ? " with reset" : ""}` : "not greeted";
		const end = ended ? `, ended: ${ended}` : "";
		found.push({ at, line: `${who} follows after ${asked.after ?? "?"}: ${greeting}, got ${seqsOf(entries)}${end}` });
	}
	for (const { at, who, stream: of, after, entries } of history.pages) {
		if (of !== stream || !touches(entries)) continue;
		found.push({ at, line: `${who} reads the page after ${after}: ${seqsOf(entries)}` });
	}
	const shown = found.sort((one, other) => one.at - other.at).map(({ at, line }) => `${String(at).padStart(5)}  ${line}`);
	const end = log
		.filter((entry) => near(entry.seq) || entry.id === id)
		.map((entry) => `  log  ${entry.seq} ${entry.from}/${entry.id} ${JSON.stringify(entry.body)}`);
	return [...shown.slice(-lines), ...end.slice(0, lines), `  log  ends at ${log.at(-1)?.seq ?? 0}`];
};

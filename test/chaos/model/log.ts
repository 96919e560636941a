import type { Entry } from "../../../realtime/entry.ts";
import type { Appended } from "../../../realtime/log.ts";
import type { Breakage } from "./broken.ts";

// The model's database: unique by (stream, seq) and by (stream, from, id), unless broken on purpose. It answers at once; that questions
// and answers take time and get lost is the business of reach.ts.

interface Rows {
	bySeq: Map<number, Entry[]>;
	byKey: Map<string, Entry>;
	tail: number;
}

const keyOf = ({ from, id }: { from: string; id: string }): string => `${from}/${id}`;

export class ModelLog {
	readonly #streams = new Map<string, Rows>();
	readonly #broken: Breakage | undefined;

	constructor(broken: Breakage | undefined) {
		this.#broken = broken;
	}

	/** One ordered insert, as the port of realtime/log.ts has it: its first error ends it. */
	append(drafts: readonly Entry[]): Appended {
		for (const [stored, draft] of drafts.entries()) {
			const rows = this.#rows(draft.stream);
			const known = this.#broken === "forget the id key" ? undefined : rows.byKey.get(keyOf(draft));
			const holders = rows.bySeq.get(draft.seq) ?? [];
			if (holders.some((row) => row === known || (row.id === draft.id && row.from === draft.from && row.at === draft.at))) {
				if (!known || known.at === draft.at) continue; // of an earlier try whose answer was lost
			}
			if (known) return { stored, end: "repeat", entry: known };
			if (holders.length > 0 && this.#broken !== "fence off") return { stored, end: "taken" };
			rows.bySeq.set(draft.seq, [...holders, draft]);
			rows.byKey.set(keyOf(draft), draft);
			rows.tail = Math.max(rows.tail, draft.seq);
		}
		return { stored: drafts.length, end: "all" };
	}

	tail(stream: string): number {
		return this.#rows(stream).tail;
	}

	/** Ascending from `after` + 1, ending before a hole. */
	after(stream: string, after: number, limit: number): Entry[] {
		const { bySeq } = this.#rows(stream);
		const found: Entry[] = [];
		for (let seq = after + 1; found.length < limit; seq++) {
			const holders = bySeq.get(seq);
			if (!holders) return found;
			found.push(...holders);
		}
		return found;
	}

	#rows(stream: string): Rows {
		const rows = this.#streams.get(stream) ?? { bySeq: new Map(), byKey: new Map(), tail: 0 };
		this.#streams.set(stream, rows);
		return rows;
	}
}

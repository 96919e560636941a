import type { Entry } from "../../realtime/entry.ts";

/** Watches what posters were acked and followers saw, and holds it against the log in the end. */
export class StreamChecker {
	readonly violations: string[] = [];
	readonly #acked = new Map<string, number>();
	readonly #seen = new Map<string, Entry[]>();

	violation(what: string): void {
		this.violations.push(what);
	}

	acked(id: string, seq: number): void {
		const before = this.#acked.get(id);
		if (before !== undefined && before !== seq) this.violation(`${id} was acked as ${before} and as ${seq}`);
		this.#acked.set(id, seq);
	}

	saw(client: string, entry: Entry): void {
		const seen = this.#seen.get(client) ?? [];
		this.#seen.set(client, seen);
		const expected = (seen.at(-1)?.seq ?? 0) + 1;
		if (entry.seq !== expected) this.violation(`${client} saw ${entry.seq} where ${expected} was due`);
		if ("events" in entry) this.violation("an entry was sent with its outbox");
		seen.push(entry);
	}

	/** Where the client would resume. */
	position(client: string): { seq: number; id: string | null } {
		const last = this.#seen.get(client)?.at(-1);
		return { seq: last?.seq ?? 0, id: last?.id ?? null };
	}

	/** `log`: all that can be read from its beginning; `tail`: where it says it ends. */
	end(log: readonly Entry[], tail: number): void {
		log.forEach((entry, index) => {
			if (entry.seq !== index + 1) this.violation(`the log has ${entry.seq} as its entry ${index + 1}`);
		});
		if (log.length !== tail) this.violation(`the log ends at ${tail} and has ${log.length} entries without a gap`);
		if (new Set(log.map(({ id }) => id)).size !== log.length) this.violation("an id is in the log twice");
		for (const [id, seq] of this.#acked) {
			if (log[seq - 1]?.id !== id) this.violation(`${id} was acked as ${seq}, where the log has ${log[seq - 1]?.id}`);
		}
		for (const [client, seen] of this.#seen) this.#compare(client, seen, log);
	}

	#compare(client: string, seen: readonly Entry[], log: readonly Entry[]): void {
		for (const entry of seen) {
			const stored = log[entry.seq - 1];
			if (JSON.stringify(stored) === JSON.stringify(entry)) continue;
			this.violation(`${client} saw ${entry.id} at ${entry.seq}, the log has ${stored?.id}`);
		}
	}
}

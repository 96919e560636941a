import { DatabaseSync } from "node:sqlite";
import type { Entry } from "../../realtime/entry.ts";
import type { Appended, Draft, StreamLog } from "../../realtime/log.ts";

interface Row {
	seq: number;
	entry: string;
}

/**
 * A small real log over SQLite in memory, for tests of the engine: both keys are unique indexes of the database. Several engines may share one.
 * `without` leaves a key out, to show that tests notice.
 */
export class SqliteStreamLog implements StreamLog {
	readonly #db = new DatabaseSync(":memory:");
	/** Calls by name. */
	readonly calls: Record<string, number> = {};

	constructor(without: "seq" | "id" | null = null) {
		this.#db.exec('CREATE TABLE entries (stream TEXT, seq INTEGER, "from" TEXT, id TEXT, entry TEXT)');
		this.#db.exec(`CREATE ${without === "seq" ? "" : "UNIQUE"} INDEX by_seq ON entries (stream, seq)`);
		this.#db.exec(`CREATE ${without === "id" ? "" : "UNIQUE"} INDEX by_id ON entries (stream, "from", id)`);
	}

	async append(drafts: readonly Draft[]): Promise<Appended> {
		this.#count("append");
		for (const [stored, draft] of drafts.entries()) {
			if (this.#insert(draft)) continue;
			const found = this.#posted(draft);
			// Its own, from an attempt whose answer was lost. The same post through another owner may have the same seq, but not the same time.
			if (found && isStored(draft, found)) continue;
			return found ? { stored, end: "repeat", entry: found } : { stored, end: "taken" };
		}
		return { stored: drafts.length, end: "all" };
	}

	async tail(stream: string): Promise<number> {
		this.#count("tail");
		const row = this.#db.prepare("SELECT max(seq) AS seq FROM entries WHERE stream = ?").get(stream);
		return Number(row?.seq ?? 0);
	}

	async at(stream: string, seq: number): Promise<Entry | null> {
		this.#count("at");
		return this.#one(stream, seq);
	}

	async after(stream: string, after: number, limit: number): Promise<Entry[]> {
		this.#count("after");
		const rows = this.#db.prepare("SELECT seq, entry FROM entries WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?");
		const entries = (rows.all(stream, after, limit) as unknown as Row[]).map(parsed);
		const hole = entries.findIndex(({ seq }, index) => seq !== after + 1 + index);
		return hole < 0 ? entries : entries.slice(0, hole);
	}

	async before(stream: string, before: number, limit: number): Promise<Entry[]> {
		this.#count("before");
		const rows = this.#db.prepare("SELECT seq, entry FROM entries WHERE stream = ? AND seq < ? ORDER BY seq DESC LIMIT ?");
		return (rows.all(stream, before, limit) as unknown as Row[]).map(parsed).reverse();
	}

	async posted(stream: string, keys: readonly { from: string; id: string }[]): Promise<Entry[]> {
		this.#count("posted");
		return keys.map((key) => this.#posted({ stream, ...key })).filter((entry) => entry !== null);
	}

	/** What a restored backup or an erasure does; not part of the port. */
	truncate(stream: string, after: number): void {
		this.#db.prepare("DELETE FROM entries WHERE stream = ? AND seq > ?").run(stream, after);
	}

	erase(entry: Entry): void {
		const erased: Entry = { ...entry, body: null, erased: true };
		this.#db
			.prepare("UPDATE entries SET entry = ? WHERE stream = ? AND seq = ?")
			.run(JSON.stringify(erased), entry.stream, entry.seq);
	}

	close(): void {
		this.#db.close();
	}

	#insert({ events: _, ...entry }: Draft): boolean {
		const { stream, seq, from, id } = entry;
		const insert = this.#db.prepare("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?)");
		return insert.run(stream, seq, from, id, JSON.stringify(entry)).changes === 1;
	}

	#posted({ stream, from, id }: { stream: string; from: string; id: string }): Entry | null {
		const row = this.#db
			.prepare('SELECT seq, entry FROM entries WHERE stream = ? AND "from" = ? AND id = ?')
			.get(stream, from, id);
		return row ? parsed(row as unknown as Row) : null;
	}

	#one(stream: string, seq: number): Entry | null {
		const row = this.#db.prepare("SELECT seq, entry FROM entries WHERE stream = ? AND seq = ?").get(stream, seq);
		return row ? parsed(row as unknown as Row) : null;
	}

	#count(call: string): void {
		this.calls[call] = (this.calls[call] ?? 0) + 1;
	}
}

const parsed = ({ entry }: Row): Entry => JSON.parse(entry) as Entry;

const isStored = ({ events: _, ...entry }: Draft, found: Entry): boolean => JSON.stringify(entry) === JSON.stringify(found);

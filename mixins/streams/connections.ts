import type { Collection, Update } from "../store/port.ts";
import { type ConnectionRow, connectionId } from "./connection-row.ts";

export interface ConnectionsOptions {
	rows: Collection<ConnectionRow>;
	node: string;
	/** Of this node's life: `runOf`. */
	run: string;
	/** Epoch ms. */
	now(): number;
	report(error: unknown): void;
}

/** What the registry is told of a connection, and looks at again. */
export interface Connection {
	readonly connectedAt: number;
	/** Epoch ms; `connectedAt` until there is one. */
	readonly lastMessageAt: number;
}

export type ConnectionFacts = Pick<ConnectionRow, "userId" | "address" | "agent" | "stream" | "namespace">;

interface Held {
	row: ConnectionRow;
	/** `lastMessageAt` as it was last put into the row. */
	saidAt: number;
	/** The row was sent to the store, which may have it. */
	sent: boolean;
}

/** How often what changed is written, in ms. */
const flushMs = 1_000;
/** How old the last message in the registry may be, in ms: it would otherwise be a write for every message. */
const saidMs = 30_000;
/** Rows that wait while the store is away; what comes on top is not in the registry. */
const mostWaiting = 50_000;

const iso = (at: number): string => new Date(at).toISOString();

/** Alive again, for whoever swept it because this node could not be seen. */
const spoken = ({ row }: Held, run: string): Update => ({
	$set: { live: run, ...(row.lastMessageAt !== undefined && { lastMessageAt: row.lastMessageAt }) },
	$unset: { endedAt: true, endedBy: true },
});

const over = ({ row: { lastMessageAt, endedAt, endedBy } }: Held): Update => ({
	$set: { endedAt, endedBy, ...(lastMessageAt !== undefined && { lastMessageAt }) },
	$unset: { live: true },
});

/**
 * Writes down who is connected to this node, off the way of messages: many connections are one command, a second later. A crash loses that second; rows
 * that it leaves open are closed by the sweep of another node (connection-sweep.ts).
 */
export class Connections {
	readonly #options: ConnectionsOptions;
	readonly #held = new Map<Connection, Held>();
	#fresh = new Set<Held>();
	#over = new Set<Held>();
	#writing: Promise<void> | null = null;
	readonly #timer: NodeJS.Timeout;

	constructor(options: ConnectionsOptions) {
		this.#options = options;
		this.#timer = setInterval(() => this.flush().catch(options.report), flushMs);
	}

	opened(connection: Connection, facts: ConnectionFacts): void {
		if (this.#fresh.size >= mostWaiting) return;
		const { node, run } = this.#options;
		const { connectedAt } = connection;
		const held: Held = {
			row: { _id: connectionId(connectedAt), ...facts, node, connectedAt: iso(connectedAt), live: run },
			saidAt: connectedAt,
			sent: false,
		};
		this.#held.set(connection, held);
		this.#fresh.add(held);
	}

	ended(connection: Connection, why: string): void {
		const held = this.#held.get(connection);
		if (!held) return;
		this.#held.delete(connection);
		this.#heard(held, connection);
		held.row.endedAt = iso(this.#options.now());
		held.row.endedBy = why;
		delete held.row.live;
		if (held.sent) this.#over.add(held);
	}

	/** Resolves when everything that happened before is in the store. Throws what the store throws; then it is tried again later. */
	async flush(): Promise<void> {
		while (this.#writing) await this.#writing.catch(() => undefined); // whoever asked for that one was told
		this.#writing = this.#write().finally(() => {
			this.#writing = null;
		});
		await this.#writing;
	}

	/** After the last connection ended. */
	async close(): Promise<void> {
		clearInterval(this.#timer);
		await this.flush().catch(this.#options.report);
	}

	async #write(): Promise<void> {
		const fresh = this.#fresh;
		const ended = this.#over;
		const said = this.#spoken(fresh);
		this.#fresh = new Set();
		this.#over = new Set();
		const { rows, run } = this.#options;
		try {
			for (const held of fresh) held.sent = true;
			if (fresh.size > 0) await rows.createMany([...fresh].map(({ row }) => ({ ...row })));
			fresh.clear();
			const updates = [
				...said.map((held) => ({ where: { _id: held.row._id }, update: spoken(held, run) })),
				...[...ended].map((held) => ({ where: { _id: held.row._id }, update: over(held) })),
			];
			if (updates.length > 0) await rows.updateMany(updates);
		} catch (error) {
			// All of it may be written twice.
			for (const held of fresh) this.#fresh.add(held);
			for (const held of ended) this.#over.add(held);
			for (const held of said) held.saidAt = 0;
			throw error;
		}
	}

	/** Those of whom there is news that is worth a write. */
	#spoken(fresh: ReadonlySet<Held>): Held[] {
		const found: Held[] = [];
		for (const [connection, held] of this.#held) {
			if (connection.lastMessageAt - held.saidAt < saidMs || fresh.has(held)) continue;
			this.#heard(held, connection);
			found.push(held);
		}
		return found;
	}

	#heard(held: Held, { connectedAt, lastMessageAt }: Connection): void {
		held.saidAt = lastMessageAt;
		if (lastMessageAt > connectedAt) held.row.lastMessageAt = iso(lastMessageAt);
	}
}

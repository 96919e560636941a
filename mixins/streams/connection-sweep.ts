import type { Collection } from "../store/port.ts";
import type { ConnectionRow } from "./connection-row.ts";

export interface SweepOptions {
	rows: Collection<ConnectionRow>;
	/** Runs of nodes that can be seen now; null while that is not to be relied on. */
	alive(): ReadonlySet<string> | null;
	/** Epoch ms. */
	now(): number;
}

const pageSize = 500;

const iso = (at: number): string => new Date(at).toISOString();

/** Closes what dead nodes left open. Any step may be done twice. */
export class ConnectionSweep {
	readonly #options: SweepOptions;
	/** Runs that nobody could see in the round before: once is no proof, a node may be seen a moment late. */
	#missed = new Set<string>();

	constructor(options: SweepOptions) {
		this.#options = options;
	}

	async round(signal: AbortSignal): Promise<void> {
		const seen = this.#options.alive();
		const missed = new Set<string>();
		if (seen) for await (const run of this.#runs()) if (!seen.has(run)) missed.add(run);
		for (const run of missed) if (this.#missed.has(run)) await this.#close(run, signal);
		this.#missed = missed;
	}

	/** Runs with live rows: a read for each, whatever the number of rows. */
	async *#runs(): AsyncGenerator<string> {
		let after = "";
		for (;;) {
			const where = { live: { $gt: after } };
			const [row] = await this.#options.rows.find({ where, sort: [["live", 1]], limit: 1 });
			if (row?.live === undefined) return;
			after = row.live;
			yield after;
		}
	}

	async #close(run: string, signal: AbortSignal): Promise<void> {
		const { rows, now } = this.#options;
		const update = { $set: { endedAt: iso(now()), endedBy: "node lost" }, $unset: { live: true } } as const;
		while (!signal.aborted) {
			const page = await rows.find({ where: { live: run }, limit: pageSize });
			// Only while it is that run's: the node may be alive after all, and have told so.
			await rows.updateMany(page.map(({ _id }) => ({ where: { _id, live: run }, update })));
			if (page.length < pageSize) return;
		}
	}
}

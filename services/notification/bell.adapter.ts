import type { CountersMessage } from "../../contracts/stream-messages.ts";
import { batched } from "../../mixins/batching/batched.ts";
import type { Collection } from "../../mixins/store/port.ts";
import type { StreamLog } from "../../realtime/log.ts";
import { countersOf, type Inbox, tailOf, userOf } from "./inbox.ts";

// How many notifications somebody has, and telling it to their devices.

/** What of the stream engine is needed. */
export interface BellEngine {
	look(stream: string): { tail: number; followers: number } | null;
	counters(stream: string, userId: string, counters: CountersMessage): void;
}

export interface BellParts {
	inboxes: Collection<Inbox>;
	log: Pick<StreamLog, "tail">;
	engine(): BellEngine;
	failed(error: unknown, stream: string): void;
}

export interface Standing {
	/** Null: its user has not done anything yet. */
	inbox: Inbox | null;
	tail: number;
	counters: CountersMessage;
}

export class Bell {
	readonly #parts: BellParts;
	/** By stream; those that are asked for together are read together. */
	readonly read: (stream: string) => Promise<Inbox | undefined>;
	readonly #ringing = new Map<string, "once" | "again">();

	constructor(parts: BellParts) {
		this.#parts = parts;
		this.read = batched(async (streams: readonly string[]) => {
			const found = await parts.inboxes.findByIds(streams);
			return new Map(found.map((inbox) => [inbox._id, inbox]));
		});
	}

	/** As it is stored now. The inbox is read first: whatever its user has done, that was to a log of this length at most. */
	async standing(stream: string): Promise<Standing> {
		const inbox = (await this.read(stream)) ?? null;
		const tail = tailOf(inbox, await this.#parts.log.tail(stream));
		return { inbox, tail, counters: countersOf(inbox, tail) };
	}

	/** Something came or was done: those who follow here are told, soon and once for all that happens until then. */
	ring(stream: string): void {
		if (this.#ringing.has(stream)) {
			this.#ringing.set(stream, "again");
			return;
		}
		if (!this.#parts.engine().look(stream)?.followers) return;
		this.#ringing.set(stream, "once");
		void this.#ring(stream);
	}

	async #ring(stream: string): Promise<void> {
		const { engine, failed } = this.#parts;
		try {
			do {
				this.#ringing.set(stream, "once");
				const inbox = (await this.read(stream)) ?? null;
				// Afterwards, so that an entry that came meanwhile is counted.
				const seen = engine().look(stream);
				if (!seen) break;
				engine().counters(stream, userOf(stream), countersOf(inbox, seen.tail));
			} while (this.#ringing.get(stream) === "again");
		} catch (error) {
			failed(error, stream);
		} finally {
			this.#ringing.delete(stream);
		}
	}
}

import type { StreamSession } from "./session.ts";

/** Connections of one node, by user. */
export class Sessions {
	readonly #all = new Set<StreamSession>();
	readonly #byUser = new Map<string, number>();

	get size(): number {
		return this.#all.size;
	}

	[Symbol.iterator](): Iterator<StreamSession> {
		return this.#all.values();
	}

	of(userId: string): number {
		return this.#byUser.get(userId) ?? 0;
	}

	add(session: StreamSession): void {
		this.#all.add(session);
		this.#byUser.set(session.caller.id, this.of(session.caller.id) + 1);
	}

	delete(session: StreamSession): void {
		if (!this.#all.delete(session)) return;
		const left = this.of(session.caller.id) - 1;
		if (left > 0) this.#byUser.set(session.caller.id, left);
		else this.#byUser.delete(session.caller.id);
	}
}

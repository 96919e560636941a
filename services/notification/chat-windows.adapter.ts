import type { Collection } from "../../mixins/store/port.ts";
import { type Begun, type ChatWindows, decideWindow, windowsId, withWindow } from "./chat-window.ts";

// Windows of many people in one conversation, in as few commands as the store allows.

const atOnce = 500;
/** Messages of one conversation at the same time are few, and each time one of them gets its way. */
const tries = 8;

/** A person whom this message tells. */
export interface Told {
	userId: string;
	begun: Begun;
}

/** Somebody for whom a message may begin a window, and what is stored of them. */
export interface Free {
	userId: string;
	found: ChatWindows | undefined;
}

export class ChatWindowKeeper {
	readonly #windows: Collection<ChatWindows>;
	readonly #length: number;

	/** `length`: how long a window is open, ms. */
	constructor(windows: Collection<ChatWindows>, length: number) {
		this.#windows = windows;
		this.#length = length;
	}

	/** Whom this very message told before, and for whom it may begin a window. For all others one is open. */
	async look(streamId: string, userIds: readonly string[], message: Begun): Promise<{ told: Told[]; free: Free[] }> {
		const told: Told[] = [];
		const free: Free[] = [];
		for (let at = 0; at < userIds.length; at += atOnce) {
			const page = userIds.slice(at, at + atOnce);
			const rows = await this.#windows.findByIds(page.map((userId) => windowsId(userId, streamId)));
			const byUser = new Map(rows.map((row) => [row.userId, row]));
			for (const userId of page) {
				const found = byUser.get(userId);
				const decision = decideWindow(found, message, this.#length);
				if (decision.kind === "again") told.push({ userId, begun: decision.begun });
				else if (decision.kind === "new") free.push({ userId, found });
			}
		}
		return { told, free };
	}

	/**
	 * Begins windows for people for whom there was none a moment ago. Answers those for whom this message began one; a second run finds
	 * the windows, and `look` answers the same.
	 */
	async begin(streamId: string, people: readonly Free[], message: Begun): Promise<Told[]> {
		const told: Told[] = [];
		let free = people;
		for (let attempt = 0; attempt < tries; attempt++) {
			if (await this.#write(streamId, free, message)) return [...told, ...free.map(({ userId }) => ({ userId, begun: message }))];
			// Somebody else was at it too, or an answer was lost: what became of it is read.
			const ids = free.map(({ userId }) => userId);
			const seen = await this.look(streamId, ids, message);
			told.push(...seen.told);
			free = seen.free;
		}
		if (free.length === 0) return told;
		throw new Error(`the windows of ${streamId} are being changed by many at once`);
	}

	/** False: not all of them are known to be written. */
	async #write(streamId: string, people: readonly Free[], message: Begun): Promise<boolean> {
		const fresh = people.filter(({ found }) => !found);
		const rows = fresh.map(({ userId }) => ({
			...{ _id: windowsId(userId, streamId), userId, streamId, revision: 1 },
			begun: withWindow([], message),
			lastAt: message.at,
		}));
		const updates = people.flatMap(({ found }) => (found ? [updateOf(found, message)] : []));
		const created = rows.length === 0 ? 0 : await this.#windows.createMany(rows);
		const changed = updates.length === 0 ? 0 : await this.#windows.updateMany(updates);
		return created === rows.length && changed === updates.length;
	}
}

const updateOf = ({ _id, revision, begun }: ChatWindows, message: Begun) => ({
	where: { _id, revision },
	update: { $set: { begun: withWindow(begun, message) }, $max: { lastAt: message.at }, $inc: { revision: 1 } },
});

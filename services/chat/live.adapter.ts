import type { Collection } from "../../mixins/store/port.ts";
import type { Block } from "./block.ts";
import { blocksBetween, requireNone } from "./block.ts";
import { type Conversation, isMember, otherOf } from "./conversation.ts";

// What posts over sockets have to know of their conversation: with a read a message, a busy conversation would cost its store more reads than
// writes. It is as old as the backstop of its stream lets it be, and forgotten at once by whoever changes it here.

export interface Live {
	conversation: Conversation;
	/** Between the two of a pair; empty in a group. */
	blocks: readonly Block[];
	/** By user id. */
	names: ReadonlyMap<string, string>;
}

export interface LiveParts {
	conversations: Collection<Conversation>;
	blocks: Collection<Block>;
	namesOf(ids: readonly string[]): Promise<Map<string, string>>;
	/** Milliseconds that only go forward. */
	now(): number;
}

interface Kept {
	live: Live;
	until: number;
}

/** How old it may be, in ms: the period of the stream engine's backstop. */
const freshMs = 5_000;
const most = 20_000;

export class LiveConversations {
	readonly #parts: LiveParts;
	readonly #kept = new Map<string, Kept>();
	readonly #loading = new Map<string, Promise<Live | null>>();

	constructor(parts: LiveParts) {
		this.#parts = parts;
	}

	/** Null: there is no such conversation. */
	async get(stream: string): Promise<Live | null> {
		const kept = this.#kept.get(stream);
		if (kept && kept.until > this.#parts.now()) return kept.live;
		return this.refresh(stream);
	}

	/** As it is stored now; those who ask at the same time share the read. */
	refresh(stream: string): Promise<Live | null> {
		const running = this.#loading.get(stream);
		if (running) return running;
		const until = this.#parts.now() + freshMs;
		const load = this.#load(stream)
			.then((live) => {
				// Forgotten while it was read: what it says may be from before.
				if (this.#loading.get(stream) === load) this.#keep(stream, live, until);
				return live;
			})
			.finally(() => {
				if (this.#loading.get(stream) === load) this.#loading.delete(stream);
			});
		this.#loading.set(stream, load);
		return load;
	}

	/** What was read until now is not kept, nor what is being read. */
	forget(stream: string): void {
		this.#kept.delete(stream);
		this.#loading.delete(stream);
	}

	async #load(stream: string): Promise<Live | null> {
		const { conversations, blocks, namesOf } = this.#parts;
		const conversation = await conversations.findById(stream);
		if (!conversation) return null;
		const [one = "", other] = conversation.founders;
		const [between, names] = await Promise.all([
			conversation.kind === "pair" && other !== undefined ? blocks.findByIds(blocksBetween(one, [other])) : [],
			this.#names(stream, conversation, namesOf),
		]);
		return { conversation, blocks: between, names };
	}

	/** Names change seldom, and a message goes out without one rather than not at all. */
	async #names(stream: string, { members }: Conversation, namesOf: LiveParts["namesOf"]): Promise<ReadonlyMap<string, string>> {
		const ids = members.map(({ userId }) => userId);
		const known = this.#kept.get(stream)?.live.names;
		if (known && ids.every((id) => known.has(id))) return known;
		return namesOf(ids).catch(() => known ?? new Map());
	}

	#keep(stream: string, live: Live | null, until: number): void {
		this.#kept.delete(stream);
		if (!live) return;
		this.#kept.set(stream, { live, until });
		if (this.#kept.size <= most) return;
		const oldest = this.#kept.keys().next();
		if (!oldest.done) this.#kept.delete(oldest.value);
	}
}

/** Throws FORBIDDEN where one of a pair has blocked the other. */
export const requireWritable = ({ conversation, blocks }: Live, userId: string): void => {
	if (otherOf(conversation, userId) !== undefined) requireNone(blocks);
};

export const isMemberOf = (live: Live | null, userId: string): live is Live =>
	live !== null && isMember(live.conversation, userId);

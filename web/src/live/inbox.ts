import type { Entry, Stream, StreamState } from "../../../client/index.ts";
import type { NotificationBody } from "../../../contracts/notifications.ts";
import type { CountersMessage } from "../../../contracts/stream-messages.ts";
import { queries } from "../api/queries.ts";
import { createStore, useStore } from "../api/store.ts";

// This user's notifications as they happen. They also say which order has changed: pages that show it load it again.

export type InboxState = StreamState["kind"] | "off";

export const inboxState = createStore<InboxState>("off");
export const counters = createStore<CountersMessage | null>(null);

export interface News {
	seq: number;
	id: string;
	body: NotificationBody;
}

const listeners = new Set<(news: News) => void>();

/** Told each notification that arrives while this page is open. Answers how to stop. */
export const onNews = (listener: (news: News) => void): (() => void) => {
	listeners.add(listener);
	return () => void listeners.delete(listener);
};

let stream: Stream | null = null;
/** What was there when this page came is no news. */
let knownSeq = Number.POSITIVE_INFINITY;

const take = ({ seq, id, body }: Entry): void => {
	if (seq <= knownSeq || body === null) return;
	void queries.invalidateQueries({ queryKey: ["orders"] });
	void queries.invalidateQueries({ queryKey: ["notifications"] });
	for (const listener of listeners) listener({ seq, id, body: body as NotificationBody });
};

/** Counters only ever move forward, whichever way they come. */
export const count = (next: CountersMessage): void => {
	const known = counters.get();
	if (!known || next.version > known.version) counters.set(next);
};

export const followInbox = async (userId: string): Promise<void> => {
	if (stream) return;
	const { souk } = await import("./client.ts");
	if (stream) return;
	stream = souk().inbox(userId, { last: 1 });
	stream.on("state", ({ kind }) => inboxState.set(kind));
	stream.on("ready", ({ seq, reset }) => {
		if (reset || knownSeq === Number.POSITIVE_INFINITY) knownSeq = seq;
		// Whatever happened while nobody listened.
		void queries.invalidateQueries({ queryKey: ["notifications"] });
	});
	stream.on("reset", () => counters.set(null));
	stream.on("counters", count);
	stream.on("entry", take);
};

/** How often a page asks for itself, in ms: seldom while notifications tell it what has changed, often where they cannot. */
export const usePace = (live = 20_000, otherwise = 2_500): number => (useStore(inboxState) === "live" ? live : otherwise);

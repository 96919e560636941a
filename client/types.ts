import type {
	CountersMessage,
	PresenceMessage,
	ProblemMessage,
	ReadyMessage,
	ReceiptMessage,
	TypingMessage,
} from "../contracts/stream-messages.ts";
import type { Entry } from "../realtime/entry.ts";
import type { Backoff } from "./backoff.ts";
import type { SoukError } from "./errors.ts";
import type { TokenSource } from "./token.ts";

export interface ClientOptions {
	/** Of the gateway, or of any node that takes sockets: `https://souk.example`. */
	url: string;
	token: TokenSource;
	/** Default: WebSocket, and long polling where that cannot be had. */
	transports?: readonly ("websocket" | "polling")[];
	/** Between attempts to connect; default 300 ms doubling up to 15 s. */
	backoff?: Partial<Backoff>;
	/** How long an answer may take, in ms, before the message is sent again or refused with `TIMEOUT`; default 10,000. */
	answerMs?: number;
	/** How many posts may be on their way at once; default 16. 1 keeps their order even where the server puts one of them off. */
	postsInFlight?: number;
	/** In [0, 1), for waits. */
	random?: () => number;
}

export interface FollowOptions {
	/** The seq of the last entry that is known already (0: all from the first on). Without it the newest entries come first. */
	after?: number;
	/** The id of that entry: lets the server see whether it is still the same log. */
	lastId?: string;
	/** Without `after`: how many of the newest come first; default 50, at most 200. */
	last?: number;
}

/**
 * For a user interface. `connecting`: the first time or again; `live`: entries arrive as they happen; `waiting`: the connection is gone
 * and the next attempt comes at `retryAt` (epoch ms); `paused`: nobody reads the entries fast enough, it goes on when they do;
 * `closed`: for good, by `error` or by `close()`.
 */
export type StreamState =
	| { kind: "connecting" }
	| { kind: "live" }
	| { kind: "waiting"; retryAt: number; error?: SoukError }
	| { kind: "paused" }
	| { kind: "closed"; error?: SoukError };

export interface StreamEvents {
	/** Each once, in order, without a gap. */
	entry: Entry;
	ready: ReadyMessage;
	/** The log is not the one that was followed so far (a restored backup): forget what came before, what follows starts over. */
	reset: ReadyMessage;
	presence: PresenceMessage;
	typing: TypingMessage;
	receipt: ReceiptMessage;
	/** Absolute; only ever newer than the one before. */
	counters: CountersMessage;
	problem: ProblemMessage;
	state: StreamState;
}

export interface Posted {
	seq: number;
	/** ISO 8601, UTC. */
	at: string;
}

import type { Backoff } from "./backoff.ts";
import type { ClientOptions } from "./types.ts";

/** The options with their defaults. */
export interface Settings {
	url: string;
	transports: readonly ("websocket" | "polling")[];
	backoff: Backoff;
	answerMs: number;
	postsInFlight: number;
	random: () => number;
}

export const settingsOf = ({ url, transports, backoff, answerMs, postsInFlight, random }: ClientOptions): Settings => ({
	url,
	transports: transports ?? ["websocket", "polling"],
	backoff: { baseMs: 300, capMs: 15_000, ...backoff },
	answerMs: answerMs ?? 10_000,
	postsInFlight: Math.max(1, postsInFlight ?? 16),
	random: random ?? Math.random,
});

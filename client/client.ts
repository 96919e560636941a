import { type Settings, settingsOf } from "./settings.ts";
import { Stream } from "./stream.ts";
import { Token } from "./token.ts";
import type { ClientOptions, FollowOptions } from "./types.ts";

/**
 * A user's way to the live streams of Souk, in browsers and in Node. Every stream has a connection of its own, which goes to the node
 * that owns the stream.
 */
export class SoukClient {
	readonly #settings: Settings;
	readonly #token: Token;
	readonly #streams = new Set<Stream>();

	constructor(options: ClientOptions) {
		this.#settings = settingsOf(options);
		this.#token = new Token(options.token, (token) => this.#refresh(token));
	}

	/** Follows a conversation. */
	conversation(streamId: string, options: FollowOptions = {}): Stream {
		return this.#follow("/chat", streamId, options);
	}

	/** Follows the notifications of the user whose token this is. */
	inbox(userId: string, options: FollowOptions = {}): Stream {
		return this.#follow("/notifications", `inbox-${userId}`, options);
	}

	/** Closes every stream. */
	close(): void {
		this.#token.close();
		for (const stream of [...this.#streams]) stream.close();
	}

	#follow(namespace: string, streamId: string, options: FollowOptions): Stream {
		const stream = new Stream(streamId, namespace, options, this.#settings, this.#token, (gone) => this.#streams.delete(gone));
		this.#streams.add(stream);
		return stream;
	}

	/** A stream that cannot pass it on right now finds the new token when it connects again, or is told that the old one has expired. */
	#refresh(token: string): void {
		for (const stream of this.#streams) stream.refresh(token).catch(() => undefined);
	}
}

export const connect = (options: ClientOptions): SoukClient => new SoukClient(options);

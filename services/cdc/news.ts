import { fingerprint, type Message } from "./change.ts";

export type IsNews = (message: Message) => boolean;

/** What was published of each document, where documents are read again and again. */
export class News {
	#fence = 0;
	#prints: ReadonlyMap<string, string> = new Map();

	/**
	 * For the round with this fence. What looks as it did in the round before is no news; unless another node has had a round
	 * in between, which may have published something else.
	 */
	since(fence: number): IsNews {
		const before = this.#fence === fence - 1 ? this.#prints : new Map<string, string>();
		const prints = new Map<string, string>();
		this.#fence = fence;
		this.#prints = prints;
		return (message) => {
			const print = fingerprint(message);
			prints.set(message.key, print);
			return before.get(message.key) !== print;
		};
	}
}

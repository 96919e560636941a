import type { Draft } from "../../../realtime/log.ts";
import type { Post } from "../../../realtime/mailbox.ts";
import { Writer } from "../../../realtime/writer.ts";
import { patch } from "./patch.ts";

// What follows a repeat in its batch keeps its seqs, so that the one which the repeat had is never used.
const seqs = new WeakMap<Post, number>();

patch(Writer, "number", (number) => {
	return function (batch: readonly Post[], tail: number) {
		const drafts: Draft[] = number.call(this, batch, tail);
		let last = tail;
		return drafts.map((draft, index) => {
			const post = batch[index] as Post; // as many as drafts
			const before = seqs.get(post) ?? 0;
			last = before > last ? before : last + 1;
			seqs.set(post, last);
			return { ...draft, seq: last };
		});
	};
});

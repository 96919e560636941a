import { Connection, type Target } from "../../../client/connection.ts";
import { settingsOf } from "../../../client/settings.ts";
import type { Link, LinkListener } from "../world.ts";

const answerMs = 5_000;
const nothing = (): void => undefined;

/** One connection of the SDK's, without all that the SDK does to bring it back. */
export const link = (
	target: Target,
	{ url, transports }: { url: string; transports: readonly ("websocket" | "polling")[] },
	listener: LinkListener,
): Link => {
	let over = false;
	const end = (why: string): void => {
		if (over) return;
		over = true;
		connection.end();
		listener.ended(why);
	};
	const connection = new Connection(target, settingsOf({ url, token: "", answerMs, transports }), {
		ready: (message) => listener.ready(message),
		entries: (entries) => listener.entries(entries),
		moved: () => end("moved"),
		problem: ({ code }) => end(`problem ${code}`),
		refused: (refusal, message) => end(`refused: ${refusal?.code ?? message}`),
		ended: () => end("the connection ended"),
		presence: nothing,
		typing: nothing,
		receipt: nothing,
		counters: nothing,
	});
	return {
		post: (id, text, answered) =>
			connection.send("post", { id, text }, (ack) => {
				if (over) return;
				if (ack === null) answered(null);
				else if (ack.ok) answered({ ok: true, seq: Number(ack.seq) });
				else answered({ ok: false, code: ack.problem.code, retryable: ack.problem.retryable ?? false });
			}),
		end: () => {
			over = true;
			connection.end();
		},
	};
};

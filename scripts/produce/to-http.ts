import { openLines } from "../../test/support/ndjson.ts";
import type { Produced } from "./documents.ts";
import type { Tally } from "./tally.ts";

interface Problem {
	code: string;
	detail: string;
}

/** One request of lines; each is told apart by its place. */
export const toHttp = async (
	target: { url: string; token: string },
	documents: Iterable<Produced>,
	{ tally, due, moved }: { tally: Tally; due: () => Promise<void>; moved: () => void },
): Promise<void> => {
	const stream = openLines(target.url, target.token);
	const waiting: Produced[] = [];
	const sending = (async () => {
		for (const document of documents) {
			await due();
			waiting.push(document);
			tally.sent += 1;
			await stream.send(`${document.text}\n`);
		}
		stream.end();
	})();
	const { statusCode } = await stream.response;
	if (statusCode !== 200) {
		stream.cut();
		throw new Error(`the service answered ${statusCode}`);
	}
	for await (const answer of stream.answers()) {
		const document = waiting.shift();
		if (!document) throw new Error("more answers came than documents were sent");
		const { code, detail }: Problem = answer.problem ?? { code: "", detail: "" };
		tally.take(document, answer.ok ? { ok: true } : { ok: false, reason: `${code}: ${detail}` });
		moved();
	}
	await sending;
};

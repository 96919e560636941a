import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

// A client of streams of lines: node:http, because fetch cannot be read while it is still being written in every case.

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
export type LineAnswer = any;

export interface LineStream {
	/** Resolves when there is room for more. */
	send(text: string | Uint8Array): Promise<void>;
	/** No more lines from us. */
	end(): void;
	/** Cuts the connection. */
	cut(): void;
	/** Status and headers. */
	response: Promise<IncomingMessage>;
	/** Answers in their order; ends with the answer or the connection. */
	answers(): AsyncGenerator<LineAnswer, void>;
}

/** Whole lines; an answer that is cut off ends them, and is no error if we cut it ourselves or the other side died. */
async function* linesOf(res: IncomingMessage, isOver: () => boolean): AsyncGenerator<string, void> {
	let rest = "";
	try {
		for await (const chunk of res.setEncoding("utf8")) {
			const lines = (rest + chunk).split("\n");
			rest = lines.pop() ?? "";
			yield* lines;
		}
	} catch (error) {
		if (!isOver() && !res.destroyed) throw error;
	}
}

export const openLines = (url: string, token: string): LineStream => {
	const req = request(`${url}/v1/orders/intake`, {
		method: "POST",
		headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
	});
	const response = once(req, "response").then(([res]) => res as IncomingMessage);
	response.catch(() => undefined); // told to whoever awaits it
	req.on("error", () => undefined); // a cut is one; `answers` ends
	req.flushHeaders();
	let room = Promise.withResolvers<void>();
	for (const event of ["drain", "close"]) req.on(event, () => room.resolve());
	return {
		async send(text) {
			room = Promise.withResolvers<void>();
			if (!req.write(text) && !req.destroyed) await room.promise;
		},
		end: () => void req.end(),
		cut: () => void req.destroy(),
		response,
		async *answers() {
			for await (const line of linesOf(await response, () => req.destroyed)) yield JSON.parse(line);
		},
	};
};

export const all = async (answers: AsyncIterable<LineAnswer>): Promise<LineAnswer[]> => {
	const found: LineAnswer[] = [];
	for await (const answer of answers) found.push(answer);
	return found;
};

/** Sends all and reads all, at the same time. */
export const sendLines = async (url: string, token: string, lines: Iterable<string>): Promise<LineAnswer[]> => {
	const stream = openLines(url, token);
	const sending = (async () => {
		for (const line of lines) await stream.send(`${line}\n`);
		stream.end();
	})();
	const answers = await all(stream.answers());
	await sending;
	return answers;
};

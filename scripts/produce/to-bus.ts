import { setTimeout as delay } from "node:timers/promises";
import { connect } from "nats";
import { connectionOptions } from "../../mixins/durable-events/jetstream/connection.ts";
import { namesOf } from "../../mixins/durable-events/jetstream/names.ts";
import type { DeadLetter } from "../../mixins/durable-events/port.ts";
import { type HttpAnswer, type HttpClient, httpClient } from "../../test/support/http.ts";
import type { Produced } from "./documents.ts";
import type { Tally } from "./tally.ts";

// The bus answers nothing but that it has the message; what became of each document is asked from the service: it can be read
// under its order_uid, or there is a dead letter about its very message.

export interface BusTarget {
	transporter: string;
	keyPrefix: string;
	url: string;
	token: string;
}

/** How long nothing may change before the rest counts as unanswered, in ms. */
const patience = 30_000;
const askEvery = 250;
const publishedAtOnce = 64;

type Waiting = Map<string, Produced>;

const publish = async (
	{ transporter, keyPrefix }: BusTarget,
	documents: Iterable<Produced>,
	tally: Tally,
	due: () => Promise<void>,
): Promise<Waiting> => {
	const connection = await connect({ ...connectionOptions(transporter, "souk produce"), waitOnFirstConnect: false });
	const waiting: Waiting = new Map();
	const jetStream = connection.jetstream();
	const under = new Set<Promise<void>>();
	try {
		for (const document of documents) {
			await due();
			const sent = jetStream.publish(namesOf(keyPrefix).documents("orders"), document.text).then(({ seq }) => {
				tally.sent += 1;
				waiting.set(`message-${seq}`, document);
			});
			under.add(sent);
			void sent.finally(() => under.delete(sent)).catch(() => undefined); // awaited below
			if (under.size >= publishedAtOnce) await Promise.race(under);
		}
		await Promise.all(under);
	} finally {
		await connection.close();
	}
	return waiting;
};

const ask = async (api: HttpClient, path: string, token: string): Promise<HttpAnswer> => {
	for (;;) {
		const answer = await api.get(path, { token });
		if (answer.status !== 429) return answer;
		await delay(Number(answer.headers.get("retry-after") ?? 1) * 1000);
	}
};

const lettersOf = async function* (api: HttpClient, token: string): AsyncGenerator<DeadLetter> {
	let cursor: string | null = "";
	while (cursor !== null) {
		const more: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
		const { body } = await ask(api, `/v1/admin/dead-letters?group=intake&limit=100${more}`, token);
		yield* body.items;
		cursor = body.nextCursor;
	}
};

const collectRefused = async (api: HttpClient, token: string, waiting: Waiting, tally: Tally): Promise<void> => {
	for await (const { eventId, error } of lettersOf(api, token)) {
		const document = waiting.get(eventId);
		if (document) tally.take(document, { ok: false, reason: error });
		waiting.delete(eventId);
		if (waiting.size === 0) return;
	}
};

const collectAccepted = async (api: HttpClient, token: string, waiting: Waiting, tally: Tally): Promise<void> => {
	for (const [message, document] of [...waiting]) {
		const { status, text } = await ask(api, `/order/${document.id}`, token);
		if (status !== 200 || text !== document.text) continue;
		tally.take(document, { ok: true });
		waiting.delete(message);
	}
};

export const toBus = async (
	target: BusTarget,
	documents: Iterable<Produced>,
	{ tally, due, moved }: { tally: Tally; due: () => Promise<void>; moved: () => void },
): Promise<void> => {
	const waiting = await publish(target, documents, tally, due);
	const api = httpClient(target.url);
	let left = waiting.size;
	for (let since = performance.now(); waiting.size > 0 && performance.now() - since < patience; ) {
		await collectRefused(api, target.token, waiting, tally);
		await collectAccepted(api, target.token, waiting, tally);
		moved();
		if (waiting.size < left) since = performance.now();
		left = waiting.size;
		if (left > 0) await delay(askEvery);
	}
};

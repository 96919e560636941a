import type { Entry } from "../../../realtime/entry.ts";
import type { HttpAnswer, HttpClient } from "../../support/http.ts";
import type { Ack } from "../world.ts";

const timeout = 10_000;

/** Is told what came instead of an answer that tells. */
export type OnTrouble = (what: string) => void;

/** Nothing came back, or nothing that tells: what was asked may have happened. */
const lost =
	(what: string, onTrouble: OnTrouble) =>
	(error: Error): null => {
		onTrouble(`${what}: ${error.message}`);
		return null;
	};

const ackOf = (answer: HttpAnswer | null): Ack | null => {
	if (!answer) return null;
	const { status, body } = answer;
	if (status === 201) return { ok: true, seq: body.seq };
	return { ok: false, code: String(body?.code ?? status), retryable: status >= 500 || status === 429 };
};

export const postOverRest = async (
	api: HttpClient,
	token: string,
	stream: string,
	id: string,
	text: string,
	onTrouble: OnTrouble,
): Promise<Ack | null> => {
	const path = `/v1/conversations/${stream}/messages`;
	return ackOf(await api.post(path, { id, text }, { token, timeout }).catch(lost(`post ${id} to ${stream}`, onTrouble)));
};

/** The entries after `after`, at most 100; null when it cannot be read right now. */
export const pageOverRest = async (
	api: HttpClient,
	token: string,
	stream: string,
	after: number,
	onTrouble: OnTrouble,
): Promise<Entry[] | null> => {
	const path = `/v1/conversations/${stream}/messages?after=${after}&limit=100`;
	const what = `page of ${stream} after ${after}`;
	const answer = await api.get(path, { token, timeout }).catch(lost(what, onTrouble));
	if (answer?.status === 200) return answer.body.items;
	if (answer) onTrouble(`${what}: ${answer.status} ${answer.text}`);
	return null;
};

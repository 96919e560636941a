import type { Entry } from "../../../realtime/entry.ts";
import type { HttpAnswer, HttpClient } from "../../support/http.ts";
import type { Ack } from "../world.ts";

const timeout = 10_000;

/** Nothing came back, or nothing that tells: what was asked may have happened. */
const lost = (): null => null;

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
): Promise<Ack | null> =>
	ackOf(await api.post(`/v1/conversations/${stream}/messages`, { id, text }, { token, timeout }).catch(lost));

/** The entries after `after`, at most 100; null when it cannot be read right now. */
export const pageOverRest = async (api: HttpClient, token: string, stream: string, after: number): Promise<Entry[] | null> => {
	const path = `/v1/conversations/${stream}/messages?after=${after}&limit=100`;
	const answer = await api.get(path, { token, timeout }).catch(lost);
	return answer?.status === 200 ? answer.body.items : null;
};

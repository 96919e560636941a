import { connect, type SoukClient } from "../../../client/index.ts";
import { accessToken, renewToken } from "../api/session.ts";

let client: SoukClient | null = null;
let asked = false;

/** One for all streams of this tab: they share its token. A second question for one means that the first is at its end or was refused. */
const token = async (): Promise<string> => {
	const first = !asked;
	asked = true;
	return first ? accessToken() : renewToken(await accessToken());
};

export const souk = (): SoukClient => {
	client ??= connect({ url: location.origin, token, backoff: { capMs: 8_000 } });
	return client;
};

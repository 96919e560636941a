import { get } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { Profile } from "../../config/profile-type.ts";

const askEvery = 50;
const complainAfter = 30_000;

/** Where this very machine reaches a gateway of ours. */
export const localUrl = ({ host }: Pick<Profile, "host">, port: number): string => {
	if (host === "0.0.0.0" || host === "::") return `http://127.0.0.1:${port}`;
	return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
};

/** Not `fetch`: Node loads it at its first use, and every process would keep it for this one question. */
const ask = (url: string): Promise<{ ok: boolean; said: string }> =>
	new Promise((resolve, reject) => {
		const request = get(url, { agent: false, signal: AbortSignal.timeout(2_000) }, (answer) => {
			text(answer).then((said) => resolve({ ok: answer.statusCode === 200, said }), reject);
		});
		request.once("error", reject);
	});

/** What /health/ready says is not there yet, or null when all of it is. */
const missingAt = async (url: string): Promise<string | null> => {
	try {
		const { ok, said } = await ask(`${url}/health/ready`);
		return ok ? null : said;
	} catch (error) {
		return String(error); // not listening yet, or its routes are not mounted yet
	}
};

/** Resolves when the gateway at `url` says that everything it needs answers. Complains once if that takes unusually long. */
export const untilReady = async (url: string, complain: (what: string) => void, signal: AbortSignal): Promise<void> => {
	const began = Date.now();
	let complained = false;
	for (let missing = await missingAt(url); missing !== null; missing = await missingAt(url)) {
		if (!complained && Date.now() - began > complainAfter) {
			complained = true;
			complain(`not ready after ${complainAfter / 1_000} s: ${missing}`);
		}
		await delay(askEvery, undefined, { signal });
	}
};

import { setTimeout as delay } from "node:timers/promises";
import type { Profile } from "../../config/profile-type.ts";

const askEvery = 50;
const complainAfter = 30_000;

/** Where this very machine reaches a gateway of ours. */
export const localUrl = ({ host }: Pick<Profile, "host">, port: number): string => {
	if (host === "0.0.0.0" || host === "::") return `http://127.0.0.1:${port}`;
	return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
};

/** What /health/ready says is not there yet, or null when all of it is. */
const missingAt = async (url: string): Promise<string | null> => {
	try {
		const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
		const text = await answer.text();
		return answer.ok ? null : text;
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

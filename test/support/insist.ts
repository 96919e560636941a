import { setTimeout as delay } from "node:timers/promises";
import type { HttpAnswer } from "./http.ts";

/** What a careful client does: the same request with the same key until it is answered. Only a clear refusal ends it. */
export const insist = async (send: () => Promise<HttpAnswer>): Promise<HttpAnswer> => {
	for (let tries = 0; tries < 200; tries++) {
		const answer = await send().catch((error: unknown) => {
			if (error instanceof TypeError || (error as Error).name === "TimeoutError") return null; // the connection died: not an answer
			throw error;
		});
		if (answer && (answer.status < 400 || (answer.status < 500 && answer.body.code !== "REQUEST_IN_FLIGHT"))) return answer;
		await delay(150);
	}
	throw new Error("no answer after 200 tries");
};

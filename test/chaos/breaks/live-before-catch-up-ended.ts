import { setTimeout as delay } from "node:timers/promises";
import { Audience } from "../../../realtime/audience.ts";
import { patch } from "./patch.ts";

/** As long as a busy database may take. */
const late = 100;

// Live entries go to those who have not got what lies before them. Catch-ups are read from the log, and not at once.
patch(Audience, "mayTake", () => () => true);
patch(Audience, "pageFromMemory", () => () => false);
patch(Audience, "pageFromLog", (pageFromLog) => {
	return async function (follower) {
		await delay(late);
		return pageFromLog.call(this, follower);
	};
});

import { Audience } from "../../../realtime/audience.ts";
import type { Follower } from "../../../realtime/follower.ts";
import { patch } from "./patch.ts";

// Whoever comes back gets what is new from now on, and nothing of what it missed.
patch(Audience, "join", (join) => {
	return function (follower: Follower<unknown>) {
		follower.cursor = this.parts.known().tail;
		join.call(this, follower);
	};
});

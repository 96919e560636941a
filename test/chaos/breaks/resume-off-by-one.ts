import { Audience } from "../../../realtime/audience.ts";
import type { Follower } from "../../../realtime/follower.ts";
import { patch } from "./patch.ts";

// Whoever comes back gets once more what it has already.
patch(Audience, "join", (join) => {
	return function (follower: Follower<unknown>) {
		if (follower.cursor > 0) follower.cursor -= 1;
		join.call(this, follower);
	};
});

import type { Server } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";

/** As many as there may be in a kernel's queue (net.core.somaxconn), and some that come meanwhile. */
const mostTurns = 8_192;

/**
 * Resolves when nobody waits to be let in. Node takes one connection in each turn of its loop, and closing the listener resets those in the kernel's
 * queue, whose requests may be on their way already: who closes right after this, in the same turn, resets next to none.
 */
export const takeInWhoWaits = async (server: Server): Promise<void> => {
	let came = 0;
	const count = (): void => {
		came += 1;
	};
	server.on("connection", count);
	for (let turn = 0, before = -1; came !== before && turn < mostTurns; turn += 1) {
		before = came;
		await nextTurn();
	}
	server.off("connection", count);
};

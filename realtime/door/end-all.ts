import { once } from "node:events";
import type { Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";

const batches = 20;

const allGone = async (sockets: ReadonlySet<Writable>): Promise<void> => {
	for (const socket of sockets) if (!socket.destroyed) await once(socket, "close");
};

/** Gives the connections time to end by themselves, then cuts what is left in batches. `sockets` loses each when it is closed. */
export const endAll = async (sockets: ReadonlySet<Writable>, graceMs: number, spreadMs: number): Promise<void> => {
	const stop = new AbortController();
	const grace = pause(graceMs, undefined, { signal: stop.signal }).catch(() => undefined); // aborted: all have ended
	await Promise.race([allGone(sockets), grace]);
	stop.abort();
	const left = [...sockets];
	const size = Math.max(1, Math.ceil(left.length / batches));
	for (let at = 0; at < left.length; at += size) {
		for (const socket of left.slice(at, at + size)) socket.destroy();
		if (at + size < left.length) await pause(spreadMs / batches);
	}
	await allGone(sockets);
};

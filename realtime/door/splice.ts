import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Peer } from "../peers.ts";
import { hostAndPort, upgradeHead } from "./head.ts";

// A WebSocket that another node serves: after the handshake two connections, byte by byte.

export interface SpliceLimits {
	/** How long the other node may take to accept a connection, and then to begin its answer, in ms. */
	readonly connectMs: number;
	readonly answerMs: number;
	/** How long a connection that one side has ended may stay open for the other, in ms. */
	readonly lingerMs: number;
}

const switched = "HTTP/1.1 101";
const unavailable = "HTTP/1.1 503";

export interface Answered {
	readonly upstream: Socket;
	/** What it has said so far, at least to the status. */
	readonly first: Buffer;
}

/** Longer than any status that decides; it comes in one piece but for odd networks. */
const enough = switched.length;

/**
 * Hands the request to the node and waits for the beginning of its answer. Null: it refused, did not answer, or was about to stop; nothing was
 * written to the client, so somebody else may still serve it.
 */
export const dial = (
	req: IncomingMessage,
	peer: Peer,
	suspects: readonly string[],
	limits: SpliceLimits,
): Promise<Answered | null> =>
	new Promise((resolve) => {
		const upstream = connect({ ...hostAndPort(peer.address), allowHalfOpen: true, noDelay: true, keepAlive: true });
		let first = Buffer.alloc(0);
		const end = (answer: Answered | null): void => {
			clearTimeout(timer);
			upstream.off("data", onData).off("end", onLost).off("close", onLost).off("error", onLost);
			req.socket.off("close", onLost);
			upstream.on("error", ignore); // "close" follows, which is what counts
			if (answer) upstream.pause();
			else upstream.destroy();
			resolve(answer);
		};
		const onLost = (): void => end(null);
		const onData = (chunk: Buffer): void => {
			first = Buffer.concat([first, chunk]);
			if (first.length < enough) return;
			end(first.toString("latin1", 0, enough) === unavailable ? null : { upstream, first });
		};
		let timer = setTimeout(onLost, limits.connectMs);
		upstream.once("connect", () => {
			clearTimeout(timer);
			timer = setTimeout(onLost, limits.answerMs);
			upstream.write(upgradeHead(req, peer, suspects), "latin1");
		});
		upstream.on("data", onData).once("end", onLost).once("close", onLost).once("error", onLost);
		req.socket.once("close", onLost);
	});

const ignore = (): void => undefined;

/**
 * Both ways, with the backpressure and the half-close of each; `head` is what the client sent right after its request. Resolves when both
 * connections are closed.
 */
export const splice = (client: Duplex, head: Buffer, { upstream, first }: Answered, { lingerMs }: SpliceLimits): Promise<void> =>
	new Promise((resolve) => {
		let linger: NodeJS.Timeout | undefined;
		let open = 2;
		const cut = (): void => {
			client.destroy();
			upstream.destroy();
		};
		const onEnd = (): void => {
			linger ??= setTimeout(cut, lingerMs);
		};
		const onClose = (): void => {
			open -= 1;
			cut();
			if (open > 0) return;
			clearTimeout(linger);
			resolve();
		};
		if (client.destroyed || upstream.destroyed) {
			cut();
			return resolve();
		}
		client.on("error", ignore).once("end", onEnd).once("close", onClose);
		upstream.once("end", onEnd).once("close", onClose);
		client.write(first);
		upstream.pipe(client);
		// Refused: what the client says after that would be another request, which is not this node's to take.
		if (first.toString("latin1", 0, switched.length) !== switched) return void upstream.end();
		if (head.length > 0) upstream.write(head);
		client.pipe(upstream);
	});

import { type Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { Peer } from "../peers.ts";
import { hasBody, hostAndPort, requestHeaders, responseHeaders } from "./head.ts";
import { type Refusal, refusals, refuse } from "./refusal.ts";

// One polling request that another node serves. Each by itself: a kept-alive connection carries requests of several streams.

export interface RelayLimits {
	readonly connectMs: number;
	/** How long the answer to a first request may take, in ms. */
	readonly answerMs: number;
	/** How long a poll may stay without an answer, in ms: longer than the time between two pings. */
	readonly pollMs: number;
}

export interface Relayed {
	readonly peer: Peer;
	readonly suspects: readonly string[];
	/** A request of a session belongs to its node alone; a first one may be served by another. */
	readonly ofSession: boolean;
	readonly agent: Agent;
	readonly limits: RelayLimits;
}

/**
 * Resolves true once it is answered, cut or the client is gone. False: the node refused, did not answer a first request or is about to stop;
 * nothing was read from the client or written to it, so somebody else may still serve it.
 */
export const relay = (req: IncomingMessage, res: ServerResponse, options: Relayed): Promise<boolean> =>
	new Promise((resolve) => {
		const { peer, suspects, ofSession, agent, limits } = options;
		let sent = false;
		let timer: NodeJS.Timeout | undefined;
		const up = request({
			...hostAndPort(peer.address),
			method: req.method,
			path: req.url,
			headers: requestHeaders(req, peer, suspects),
			setDefaultHeaders: false,
			// A kept connection may have been closed a moment ago. For a first request that would look like a node that is dead.
			agent: ofSession ? agent : false,
		});
		const end = (done: boolean, refusal?: Refusal): void => {
			clearTimeout(timer);
			res.off("close", onClientGone);
			if (refusal) refuse(res, refusal);
			resolve(done);
		};
		const onClientGone = (): void => {
			up.destroy();
			end(true);
		};
		const bound = (ms: number): void => {
			clearTimeout(timer);
			timer = setTimeout(() => up.destroy(new Error("no answer")), ms);
		};
		const send = (): void => {
			bound(ofSession ? limits.pollMs : limits.answerMs);
			sent = true;
			if (!hasBody(req)) return void up.end();
			pipeline(req, up, (error) => error && up.destroy(error));
		};
		up.once("socket", (socket) => {
			if (!socket.connecting) return send();
			bound(limits.connectMs);
			socket.once("connect", send);
		});
		up.once("response", (answer) => {
			clearTimeout(timer);
			if (answer.statusCode === 503 && !ofSession && !hasBody(req)) {
				answer.resume();
				return end(false);
			}
			res.writeHead(answer.statusCode ?? 502, answer.statusMessage, responseHeaders(answer.rawHeaders));
			pipeline(answer, res, () => end(true)); // on an error it has destroyed both: the client's connection ends with the node's
		});
		up.once("error", () => {
			if (res.headersSent) return;
			if (!sent || (!ofSession && !hasBody(req))) end(false);
			else end(true, refusals.gone);
		});
		up.on("error", () => undefined); // after its answer has begun the pipeline above knows
		res.once("close", onClientGone);
	});

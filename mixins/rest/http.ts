import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import type { Headers } from "./headers.ts";
import type { Query } from "./input.ts";

/** What moleculer-web and the first step of ours hang on a request. */
export interface RestRequest extends IncomingMessage {
	$ctx: Context<unknown, CallMeta>;
	/** Set because our route does not merge: path and query of the matched alias. */
	$params: { params: Record<string, string>; query: Query };
	/** The path without query and trailing slash. */
	parsedUrl: string;
	originalUrl: string;
	requestId: string;
	/** Headers that the answer gets whatever comes of the request: CORS, rate limits. */
	answerHeaders: Headers;
	startedAt: number;
}

export type RestResponse = ServerResponse;

/** An answer, ready to be written. */
export interface Outgoing {
	status: number;
	headers: Headers;
	body: string | Buffer | null;
}

export const write = (req: RestRequest, res: RestResponse, { status, headers, body }: Outgoing): void => {
	const all: Headers = { ...req.answerHeaders, ...headers };
	// Without a length Node would send it chunked; HEAD tells what GET would have sent.
	if (body !== null) all["Content-Length"] = String(Buffer.byteLength(body));
	else if (status !== 204 && status !== 304) all["Content-Length"] = "0";
	res.writeHead(status, all);
	res.end(req.method === "HEAD" || body === null ? undefined : body);
};

import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { CallMeta } from "../../contracts/call.ts";
import type { OwnRefusal } from "../../contracts/http/route.ts";
import type { Span } from "../tracing/spans.ts";
import { type Headers, strictPolicy } from "./headers.ts";
import type { Query } from "./input.ts";
import { leaveTogether } from "./leave-together.ts";

/** What the steps of a request hang on it. */
export interface RestRequest extends IncomingMessage {
	/** Travels with the call that is made for it, and brings back what the service tells about its answer. */
	meta: CallMeta;
	requestId: string;
	/** If its trace is recorded here. */
	span: Span | null;
	/** By the clock of `performance`, in ms. */
	startedAt: number;
	/** The path of its route or page as it is mounted; not there if it has none. */
	route?: string;
	/** Without query and trailing slash. */
	pathname: string;
	query: Query;
	pathParams: Readonly<Record<string, string>>;
	/** Headers that the answer gets whatever comes of the request: CORS, rate limits. */
	answerHeaders: Headers;
	/** Once it is let in and read: how its route words a refusal, if not as a problem. */
	refused?: OwnRefusal;
	/** Somebody looks at it in a browser: a refusal is a page. */
	refusesInHtml?: boolean;
}

export type RestResponse = ServerResponse;

/** An answer, ready to be written. */
export interface Outgoing {
	status: number;
	headers: Headers;
	/** A body that comes bit by bit has no length, and is sent as fast as it is read. */
	body: string | Buffer | AsyncIterable<string> | null;
}

const policy = "Content-Security-Policy";

const isWhole = (body: Outgoing["body"]): body is string | Buffer => typeof body === "string" || Buffer.isBuffer(body);

/** The client may be gone before the end; whoever makes the body is told by its iterator's end. */
const isGone = (error: unknown): boolean =>
	["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE", "ERR_STREAM_DESTROYED"].includes(
		String((error as { code?: unknown }).code),
	);

/** A connection on which nothing moves for so long is cut, in ms. */
const silence = 60_000;

const stream = async (res: RestResponse, body: AsyncIterable<string>): Promise<void> => {
	res.setTimeout(silence);
	res.flushHeaders(); // the first bit may be long in coming
	try {
		await pipeline(body, res);
	} catch (error) {
		if (!isGone(error)) throw error;
	}
};

const push = (list: string[], headers: Headers): void => {
	for (const name in headers) list.push(name, headers[name] as string);
};

/** `always` is a flat list of names and values: Node takes such a list as it is, where an object costs a copy of each member. */
export const write = (
	req: RestRequest,
	res: RestResponse,
	always: readonly string[],
	outgoing: Outgoing,
): Promise<void> | undefined => {
	const { status, headers, body } = outgoing;
	const list = always.slice();
	list.push("X-Request-Id", req.requestId);
	push(list, req.answerHeaders);
	push(list, headers);
	if (!headers[policy]) list.push(policy, strictPolicy);
	// Without a length Node would send it chunked; HEAD tells what GET would have sent.
	if (isWhole(body)) list.push("Content-Length", String(Buffer.byteLength(body)));
	else if (body === null && status !== 204 && status !== 304) list.push("Content-Length", "0");
	res.writeHead(status, list);
	if (body !== null && !isWhole(body)) return stream(res, body);
	leaveTogether(res, req.method === "HEAD" || body === null ? undefined : body);
	return undefined;
};

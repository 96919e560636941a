import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Peer } from "../peers.ts";

// What the door reads in a request, and what it changes in its head before it passes it on.

/** Of a node that passes a request on: the key of the node that it goes to, then the addresses that did not answer before. */
const marker = "souk-hop";

const hopByHop = new Set([
	"connection",
	"keep-alive",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
	"expect",
]);

const hashed = (text: string): Buffer => createHash("sha256").update(text).digest();

/** The part of a request's URL that decides where it goes. The first of several arguments counts, as for nginx. */
export interface Destination {
	/** "" without one: then any node of chat may refuse it. */
	readonly stream: string;
	readonly sessionId: string | null;
}

export const destinationOf = (url: string): Destination => {
	const question = url.indexOf("?");
	const query = new URLSearchParams(question < 0 ? "" : url.slice(question));
	return { stream: query.get("stream_id") ?? "", sessionId: query.get("sid") };
};

const pairs = (raw: readonly string[]): [name: string, value: string][] =>
	Array.from({ length: raw.length >> 1 }, (_, index) => [raw[index * 2] ?? "", raw[index * 2 + 1] ?? ""]);

/** What the marker says, if it has this node's key. In any case it is taken off: nothing behind the door sees one. */
export const takeMarker = (req: IncomingMessage, key: string): { suspects: readonly string[] } | null => {
	const text = req.headers[marker];
	if (text === undefined) return null;
	delete req.headers[marker];
	req.rawHeaders = pairs(req.rawHeaders)
		.filter(([name]) => name.toLowerCase() !== marker)
		.flat();
	const [shown = "", ...suspects] = String(text).split(" ");
	return timingSafeEqual(hashed(shown), hashed(key)) ? { suspects } : null;
};

/** As every proxy does it: whom it saw goes to the end of the line. */
const forwardedFor = (req: IncomingMessage): string => {
	const before = req.headers["x-forwarded-for"];
	const seen = (req.socket.remoteAddress ?? "unknown").replace(/^::ffff:/, "");
	return before ? `${String(before)}, ${seen}` : seen;
};

const added = (req: IncomingMessage, { key }: Peer, suspects: readonly string[]): [string, string][] => [
	["X-Forwarded-For", forwardedFor(req)],
	["Souk-Hop", [key, ...suspects].join(" ")],
];

/** Of an upgrade: all headers as they came, in one block with the request line. */
export const upgradeHead = (req: IncomingMessage, to: Peer, suspects: readonly string[]): string => {
	const kept = pairs(req.rawHeaders).filter(([name]) => name.toLowerCase() !== "x-forwarded-for");
	const lines = [...kept, ...added(req, to, suspects)].map(([name, value]) => `${name}: ${value}`);
	return `${req.method} ${req.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
};

/** Whether a body follows. Node's parser has refused a request that says it in two ways. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
	headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/** Of a request that is passed on by itself, on a connection of ours: without what concerned the client's. A flat list of names and values. */
export const requestHeaders = (req: IncomingMessage, to: Peer, suspects: readonly string[]): string[] => {
	const named = String(req.headers.connection ?? "")
		.toLowerCase()
		.split(",")
		.map((name) => name.trim());
	const dropped = new Set([...hopByHop, ...named, "x-forwarded-for"]);
	const kept = pairs(req.rawHeaders).filter(([name]) => !dropped.has(name.toLowerCase()));
	const framing: [string, string][] = req.headers["transfer-encoding"] === undefined ? [] : [["Transfer-Encoding", "chunked"]];
	return [...kept, ...added(req, to, suspects), ...framing].flat();
};

export const responseHeaders = (raw: readonly string[]): string[] =>
	pairs(raw)
		.filter(([name]) => !hopByHop.has(name.toLowerCase()))
		.flat();

/** The two parts of `host:port`; an IPv6 host stands in brackets. */
export const hostAndPort = (address: string): { host: string; port: number } => {
	const at = address.lastIndexOf(":");
	return { host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) };
};

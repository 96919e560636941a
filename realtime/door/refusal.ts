import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

// What the door itself answers. engine.io's clients take any status but 200 (and 101) for a failed attempt and come again.

export interface Refusal {
	readonly status: number;
	readonly body: string;
}

const json = (status: number, body: object): Refusal => ({ status, body: JSON.stringify(body) });

export const refusals = {
	notFound: json(404, { code: "NOT_FOUND", title: "Not found" }),
	/** The page that asks is of an origin that is not on the list. */
	foreign: json(403, { code: "FORBIDDEN", title: "Pages of this origin may not connect" }),
	/** As engine.io says it, so that its clients understand. */
	unknownSession: json(400, { code: 1, message: "Session ID unknown" }),
	unavailable: json(503, { code: "UNAVAILABLE", title: "No node can take this stream now" }),
	gone: json(502, { code: "UNAVAILABLE", title: "The node of this session does not answer" }),
} as const;

const malformed: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

const headersOf = ({ status, body }: Refusal): Record<string, string> => ({
	"Content-Type": "application/json",
	"Content-Length": String(Buffer.byteLength(body)),
	Connection: "close",
	"Cache-Control": "no-store",
	...(status === 503 ? { "Retry-After": "1" } : {}),
});

export const refuse = (res: ServerResponse, refusal: Refusal): void => {
	if (res.headersSent) return void res.destroy();
	res.writeHead(refusal.status, headersOf(refusal)).end(refusal.body);
};

/** For a connection whose request is no longer Node's to answer. It is closed. */
export const refuseRaw = (socket: Duplex, refusal: Refusal): void => {
	if (socket.destroyed || !socket.writable) return void socket.destroy();
	const head = Object.entries(headersOf(refusal)).map(([name, value]) => `${name}: ${value}\r\n`);
	socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${head.join("")}\r\n${refusal.body}`, () =>
		socket.destroy(),
	);
};

/** For `clientError`: something that is no HTTP, too much of it, or too slow. */
export const refuseMalformed = (error: NodeJS.ErrnoException, socket: Duplex): void => {
	if (error.code === "ECONNRESET") return void socket.destroy();
	refuseRaw(socket, json(malformed[error.code ?? ""] ?? 400, { code: "MALFORMED", title: "Not a request that can be read" }));
};

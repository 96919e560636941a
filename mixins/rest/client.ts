import type { IncomingMessage } from "node:http";

const plain = (address: string): string => (address.startsWith("::ffff:") ? address.slice(7) : address);

/**
 * The address of the client. Each proxy appends whom it saw, so behind `trustProxy` proxies the client is that far from the
 * right; everything further left was written by the client itself.
 */
export const addressOf = (req: IncomingMessage, trustProxy: number): string => {
	const socket = plain(req.socket.remoteAddress ?? "unknown");
	if (trustProxy === 0) return socket;
	const forwarded = String(req.headers["x-forwarded-for"] ?? "")
		.split(",")
		.map((part) => part.trim())
		.filter((part) => part !== "");
	const line = [...forwarded, socket];
	return plain(line.at(-1 - trustProxy) ?? line[0] ?? socket);
};

export const agentOf = (req: IncomingMessage): string => (req.headers["user-agent"] ?? "").slice(0, 256);

/** Their request id if it is fit for logs and headers, else undefined. */
export const saneRequestId = (header: string | string[] | undefined): string | undefined =>
	typeof header === "string" && /^[A-Za-z0-9._:+/=@-]{1,128}$/.test(header) ? header : undefined;

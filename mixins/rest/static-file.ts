import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Outgoing, RestRequest } from "./http.ts";

/** A file that does not change while the process runs. Read at its first request: a process that nobody asks for it does not hold it. */
export const staticFile = (path: string, type: string): ((params: unknown, req: RestRequest) => Outgoing) => {
	let held: { body: Buffer; etag: string } | undefined;
	const read = (): { body: Buffer; etag: string } => {
		const body = readFileSync(path);
		return { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
	};
	return (_params, req) => {
		held ??= read();
		const headers = { "Content-Type": type, ETag: held.etag, "Cache-Control": "public, max-age=3600" };
		if (req.headers["if-none-match"] === held.etag) return { status: 304, headers, body: null };
		return { status: 200, headers, body: held.body };
	};
};

import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { DomainError } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import { linesType } from "../../contracts/media.ts";

/** Bytes of a body that is taken. */
export const bodyLimit = 1024 * 1024;
/** Past the limit the answer is 413 and the rest is thrown away unread, so that the client gets to see it; past this the line is cut. */
const patience = 16 * bodyLimit;
/** How long a body may take, in ms. */
const longest = 60_000;

const tooLarge = (): DomainError => new DomainError("PAYLOAD_TOO_LARGE", "A body may have 1 MiB");

const discard = (req: IncomingMessage, seen: number): void => {
	let bytes = seen;
	req.on("data", (chunk: Buffer) => {
		bytes += chunk.length;
		if (bytes > patience) req.destroy();
	});
};

const readBytes = (req: IncomingMessage): Promise<Buffer> =>
	new Promise((resolve, reject) => {
		const chunks: Buffer[] = [];
		let bytes = 0;
		const collect = (chunk: Buffer): void => {
			bytes += chunk.length;
			if (bytes <= bodyLimit) return void chunks.push(chunk);
			req.off("data", collect);
			discard(req, bytes);
			reject(tooLarge());
		};
		req.on("data", collect);
		const slow = setTimeout(() => req.destroy(), longest);
		req.once("close", () => clearTimeout(slow));
		req.once("end", () => clearTimeout(slow));
		req.once("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
		// The client went away: nobody reads this answer, but the request ends.
		req.once("error", () => reject(new DomainError("VALIDATION", "The body ended early")));
		req.once("close", () => reject(new DomainError("VALIDATION", "The body ended early")));
	});

const refuseMedia = (detail: string): never => {
	throw new DomainError("UNSUPPORTED_MEDIA_TYPE", detail);
};

export const demandMedia = (req: IncomingMessage, types: readonly string[]): void => {
	const encoding = req.headers["content-encoding"];
	if (encoding && encoding.toLowerCase() !== "identity") refuseMedia("Send the body without Content-Encoding");
	const [type = "", ...parameters] = (req.headers["content-type"] ?? "").toLowerCase().split(";");
	if (!types.includes(type.trim())) refuseMedia(`Send the body as ${types.join(" or ")}`);
	const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
	if (charset && !/^charset="?utf-?8"?$/.test(charset)) refuseMedia("Send the body in UTF-8");
};

const malformed = (detail: string): DomainError => new DomainError("VALIDATION", detail, { errors: [{ pointer: "", detail }] });

const parse = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		// The parser's own words quote the body.
		throw malformed("The body is not JSON");
	}
};

/** What a route's body is: the parsed JSON, or its text where the route is `raw`; undefined without a body. */
export const readBody = async (req: IncomingMessage, route: Route): Promise<unknown> => {
	const announced = Number(req.headers["content-length"] ?? Number.NaN);
	if (announced === 0 || (Number.isNaN(announced) && req.headers["transfer-encoding"] === undefined)) return undefined;
	if (announced > bodyLimit) {
		discard(req, 0);
		throw tooLarge();
	}
	if (!route.raw || route.consumes)
		demandMedia(req, [...(route.consumes ?? ["application/json"]), ...(route.lines ? [linesType] : [])]);
	const bytes = await readBytes(req);
	if (bytes.length === 0) return undefined;
	if (!isUtf8(bytes)) throw malformed("The body is not UTF-8");
	const text = bytes.toString();
	return route.raw ? text : parse(text);
};

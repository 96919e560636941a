import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Headers } from "../../../mixins/rest/headers.ts";
import type { Outgoing, RestRequest } from "../../../mixins/rest/http.ts";
import type { Page } from "../../../mixins/rest/rest.mixin.ts";
import { unbuiltPage } from "../html.ts";

// The files of the web client, as `npm run build:web` leaves them: index.html and assets/, each with its compressed forms beside it.

/**
 * Scripts and styles of this host only, and no text ever becomes a script: neither as an element (no inline script or style) nor by
 * the sinks of the DOM (Trusted Types without a policy).
 */
export const webPolicy = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data:",
	"font-src 'self'",
	"connect-src 'self'",
	"base-uri 'none'",
	"form-action 'self'",
	"require-trusted-types-for 'script'",
	"trusted-types 'none'",
	"frame-ancestors 'none'",
].join("; ");

const types: Readonly<Record<string, string>> = {
	js: "text/javascript; charset=utf-8",
	css: "text/css; charset=utf-8",
	svg: "image/svg+xml",
	html: "text/html; charset=utf-8",
};

/** By preference; the names that they go by in HTTP, and the ends of their files. */
const encodings = [
	["br", ".br"],
	["gzip", ".gz"],
] as const;

const typeOf = (name: string): string | undefined => types[name.slice(name.lastIndexOf(".") + 1)];

const takes = (req: RestRequest, encoding: string): boolean =>
	String(req.headers["accept-encoding"] ?? "")
		.split(",")
		.some((part) => {
			const [name, quality] = part.trim().split(";");
			return name === encoding && !/^\s*q=0(\.0+)?$/.test(quality ?? "");
		});

type Held = ReadonlyMap<string, { body: Buffer; etag: string }>;

/** Read at its first request: a process that nobody asks for pages holds none. */
const hold = (path: string, names: ReadonlySet<string>, name: string): Held => {
	const forms = [["", ""] as const, ...encodings].filter(([, end]) => names.has(name + end));
	return new Map(
		forms.map(([encoding, end]) => {
			const body = readFileSync(path + end);
			return [encoding, { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` }];
		}),
	);
};

type Serve = (req: RestRequest, headers: Readonly<Record<string, string>>) => Outgoing;

const fileOf = (folder: string, names: ReadonlySet<string>, name: string, type: string): Serve => {
	let held: Held | undefined;
	return (req, more) => {
		held ??= hold(join(folder, name), names, name);
		const [encoding = ""] = encodings.find(([known]) => held?.has(known) && takes(req, known)) ?? [];
		const { body = Buffer.alloc(0), etag = "" } = held.get(encoding) ?? {};
		const coded: Headers = encoding ? { "Content-Encoding": encoding } : {};
		const headers = { "Content-Type": type, ETag: etag, Vary: "Accept-Encoding", ...coded, ...more };
		if (req.headers["if-none-match"] === etag) return { status: 304, headers, body: null };
		return { status: 200, headers, body };
	};
};

const namesIn = (folder: string): ReadonlySet<string> => {
	try {
		return new Set(readdirSync(folder));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		return new Set(); // not built: the pages say what to do
	}
};

export const isBuilt = (folder: string): boolean => namesIn(folder).has("index.html");

/** The paths of the client's own pages: it finds its way from there by itself. */
const places = ["/", "/app", "/app/:a", "/app/:a/:b", "/app/:a/:b/:c"];

const unbuilt: Page = () => ({
	status: 200,
	headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
	body: unbuiltPage,
});

/** A name with a hash in it never means another content. */
const forEver = { "Cache-Control": "public, max-age=31536000, immutable" };
const neverKept = { "Cache-Control": "no-store", "Content-Security-Policy": webPolicy };

/** By "GET /path", assets first. `folder`: what the build made, index.html and assets/. */
export const webPages = (folder: string): Record<string, Page> => {
	const names = namesIn(folder);
	const assetNames = namesIn(join(folder, "assets"));
	const assets = new Map<string, Serve>();
	for (const name of assetNames) {
		const type = typeOf(name);
		if (type) assets.set(name, fileOf(join(folder, "assets"), assetNames, name, type));
	}
	const index = names.has("index.html") ? fileOf(folder, names, "index.html", types.html ?? "") : null;
	const page: Page = index ? (_params, req) => index(req, neverKept) : unbuilt;
	return {
		"GET /app/assets/:file": ({ file }, req) => assets.get(file ?? "")?.(req, forEver) ?? null,
		...Object.fromEntries(places.map((path) => [`GET ${path}`, page])),
	};
};

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { RedisOptions } from "ioredis";
import type { Authenticator, ConnectionOptions } from "nats";

// How NATS, Redis and MongoDB are reached, with credentials and TLS: the one place that knows, for everything here that opens a connection.
// What the environment names beside a URL (files of certificates) travels in the URL's query, as MongoDB's own options do.

const require = createRequire(import.meta.url);

/** Paths of PEM files, or null. `cert` and `key` are what we show to a server that asks who we are. */
export interface TlsFiles {
	readonly ca: string | null;
	readonly cert: string | null;
	readonly key: string | null;
}

/** NATS also takes a file with a JWT and its key (`creds`), or with the seed of an NKEY. */
export interface NatsFiles extends TlsFiles {
	readonly creds: string | null;
	readonly nkey: string | null;
}

const withQuery = (text: string, query: Readonly<Record<string, string | null>>): string => {
	const said = Object.entries(query).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
	if (said.length === 0) return text;
	const url = new URL(text);
	for (const [name, value] of said) url.searchParams.set(name, value);
	return url.href;
};

/** The first of the URLs speaks for all. */
export const natsUrl = (urls: string, files: NatsFiles): string => {
	const [first = "", ...others] = urls.split(",");
	return [withQuery(first, { ...files }), ...others].join(",");
};

export const redisUrl = (url: string, files: TlsFiles): string => withQuery(url, { ...files });

/** Several hosts are no URL to `URL`. `cert`: one file with certificate and key, as the driver wants it. */
export const mongoUrl = (url: string, { ca, cert }: Pick<TlsFiles, "ca" | "cert">): string => {
	if (ca === null && cert === null) return url;
	const added = new URLSearchParams({
		tls: "true",
		...(ca !== null && { tlsCAFile: ca }),
		...(cert !== null && { tlsCertificateKeyFile: cert }),
	});
	const [address = "", query] = url.split("?", 2);
	// The query of a URL stands after a slash, also where no database is named.
	const slashed = /^[^/]+\/\/[^/]+\//.test(address) ? address : `${address}/`;
	return `${slashed}?${query ? `${query}&` : ""}${added}`;
};

const fileOf = (url: URL, name: string): string | null => url.searchParams.get(name);

/** Undefined: no TLS. */
const tlsOf = (url: URL, isAsked: boolean): { ca?: string; cert?: string; key?: string } | undefined => {
	const parts = (["ca", "cert", "key"] as const).flatMap((name) => {
		const path = fileOf(url, name);
		return path === null ? [] : [[name, readFileSync(path, "utf8")] as const];
	});
	return isAsked || parts.length > 0 ? Object.fromEntries(parts) : undefined;
};

/** A name without a password is a token, as for NATS' own tools. */
const credentialsOf = (urls: readonly URL[]): Pick<ConnectionOptions, "user" | "pass" | "token"> => {
	const named = urls.find(({ username }) => username !== "");
	if (!named) return {};
	const [user, pass] = [named.username, named.password].map(decodeURIComponent);
	return pass ? { user, pass } : { token: user };
};

const authenticatorOf = (url: URL): Authenticator | undefined => {
	const [creds, nkey] = [fileOf(url, "creds"), fileOf(url, "nkey")];
	if (creds === null && nkey === null) return undefined;
	const { credsAuthenticator, nkeyAuthenticator } = require("nats") as typeof import("nats");
	return creds === null
		? nkeyAuthenticator(Buffer.from(readFileSync(nkey ?? "", "utf8").trim()))
		: credsAuthenticator(readFileSync(creds));
};

/**
 * `transporter`: one or more `nats://` or `tls://` URLs, separated by commas, with credentials in the first that has some. With `tls://`, or a file of
 * certificates, a server that offers no TLS is refused before anything is said to it.
 */
export const natsOptions = (transporter: string, name: string): ConnectionOptions => {
	const urls = transporter.split(",").map((url) => new URL(url.trim()));
	const [first] = urls;
	const tls = first && tlsOf(first, urls.some(({ protocol }) => protocol === "tls:")); // biome-ignore format: one line
	const authenticator = first && authenticatorOf(first);
	return {
		name,
		servers: urls.map(({ host }) => host),
		...credentialsOf(urls),
		...(tls && { tls }),
		...(authenticator && { authenticator }),
		// A peer that vanished without closing the connection is noticed after 10-15 s instead of minutes, and so is a server that hangs.
		pingInterval: 5_000,
		maxPingOut: 2,
		// A restarted server is back within a second; the default waits two before the first try.
		reconnectTimeWait: 250,
		maxReconnectAttempts: -1,
	};
};

/** `redis://` or `rediss://`, credentials in it; for every client of Redis here. */
export const redisOptions = (text: string): RedisOptions => {
	const url = new URL(text);
	const db = Number(url.pathname.slice(1));
	const tls = tlsOf(url, url.protocol === "rediss:");
	return {
		host: url.hostname.replace(/^\[|\]$/g, ""),
		port: Number(url.port) || 6379,
		...(url.username && { username: decodeURIComponent(url.username) }),
		...(url.password && { password: decodeURIComponent(url.password) }),
		...(Number.isInteger(db) && db > 0 && { db }),
		...(tls && { tls }),
	};
};

import type { IncomingHttpHeaders } from "node:http";

const hostOf = (origin: string): string | null => {
	try {
		return new URL(origin).host;
	} catch {
		return null; // "null", as sandboxed pages and files have it
	}
};

/**
 * Whether the page that a browser opens a socket for may (ASVS 5.0 §4.4.2): one from here, or from an origin of the list. Browsers keep no answer of a WebSocket
 * from a page of elsewhere, as they do with HTTP. Programs that are no browsers send no Origin, and have nobody's cookies or network to abuse.
 */
export const mayOpen = ({ origin, host }: IncomingHttpHeaders, allowed: readonly string[]): boolean =>
	origin === undefined || allowed.includes(origin) || (host !== undefined && hostOf(origin) === host.toLowerCase());

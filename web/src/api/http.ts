import { nobodyAnswered, Refused, refusedBy } from "./problem.ts";
import { accessToken, renewToken } from "./session.ts";

export interface Asked {
	body?: unknown;
	/** The same key again is the same request: made by whoever repeats it. */
	key?: string;
	/** Version that the change is based on. */
	ifMatch?: number;
	/** Without a token. */
	anonymous?: true;
}

const send = async (method: string, path: string, { body, key, ifMatch }: Asked, token: string | null): Promise<Response> => {
	const headers = new Headers();
	if (token !== null) headers.set("Authorization", `Bearer ${token}`);
	if (body !== undefined) headers.set("Content-Type", "application/json");
	if (key !== undefined) headers.set("Idempotency-Key", key);
	if (ifMatch !== undefined) headers.set("If-Match", `"${ifMatch}"`);
	try {
		return await fetch(path, { method, headers, cache: "no-store", ...(body !== undefined && { body: JSON.stringify(body) }) });
	} catch {
		throw nobodyAnswered();
	}
};

const answered = async <T>(answer: Response): Promise<T> => {
	if (!answer.ok) throw await refusedBy(answer);
	return (answer.status === 204 ? undefined : await answer.json()) as T;
};

/** Throws `Refused`. A token that has ended meanwhile is replaced once. */
export const ask = async <T>(method: string, path: string, asked: Asked = {}): Promise<T> => {
	if (asked.anonymous) return answered<T>(await send(method, path, asked, null));
	const token = await accessToken();
	try {
		return await answered<T>(await send(method, path, asked, token));
	} catch (error) {
		if (!(error instanceof Refused) || error.status !== 401 || error.code === "BAD_CREDENTIALS") throw error;
		return answered<T>(await send(method, path, asked, await renewToken(token)));
	}
};

export const get = <T>(path: string): Promise<T> => ask<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}, more: Asked = {}): Promise<T> =>
	ask<T>("POST", path, { body, ...more });

export interface Page<T> {
	items: T[];
	nextCursor: string | null;
}

/** A query string of what is set. */
export const withQuery = (path: string, query: Readonly<Record<string, string | number | undefined>>): string => {
	const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
	return set.length === 0 ? path : `${path}?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`;
};

export const newKey = (): string =>
	Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

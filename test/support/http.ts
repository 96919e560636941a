/** What a test says besides the path. A string or bytes as body are sent as they are; anything else as JSON. */
export interface Say {
	token?: string;
	headers?: Record<string, string>;
	/** Default 30,000 ms: a request that never ends fails the test by name. */
	timeout?: number;
}

export interface HttpAnswer {
	status: number;
	headers: Headers;
	/** Parsed JSON (problems too), else the text; null for an empty body. */
	// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape, wrong ones too
	body: any;
	text: string;
}

export interface HttpClient {
	readonly url: string;
	request(method: string, path: string, body?: unknown, say?: Say): Promise<HttpAnswer>;
	get(path: string, say?: Say): Promise<HttpAnswer>;
	post(path: string, body?: unknown, say?: Say): Promise<HttpAnswer>;
	put(path: string, body?: unknown, say?: Say): Promise<HttpAnswer>;
	patch(path: string, body?: unknown, say?: Say): Promise<HttpAnswer>;
	delete(path: string, say?: Say): Promise<HttpAnswer>;
}

const encoded = (body: unknown): { body?: string | Uint8Array<ArrayBuffer>; type?: string } => {
	if (body === undefined) return {};
	if (typeof body === "string") return { body };
	if (body instanceof Uint8Array) return { body: new Uint8Array(body) };
	return { body: JSON.stringify(body), type: "application/json" };
};

const decoded = (text: string, type: string | null): unknown => {
	if (text === "") return null;
	return /\bjson\b/.test(type ?? "") ? JSON.parse(text) : text;
};

/** A client of one Souk. It follows no redirect and never throws for a status: a test says which one it expects. */
export const httpClient = (url: string): HttpClient => {
	const request: HttpClient["request"] = async (method, path, body, say = {}) => {
		const sent = encoded(body);
		const headers = new Headers(sent.type ? { "content-type": sent.type } : {});
		if (say.token) headers.set("authorization", `Bearer ${say.token}`);
		for (const [name, value] of Object.entries(say.headers ?? {})) headers.set(name, value);
		const answer = await fetch(new URL(path, url), {
			method,
			headers,
			redirect: "manual",
			signal: AbortSignal.timeout(say.timeout ?? 30_000),
			...(sent.body === undefined ? {} : { body: sent.body }),
		});
		const text = await answer.text();
		return { status: answer.status, headers: answer.headers, text, body: decoded(text, answer.headers.get("content-type")) };
	};
	return {
		url,
		request,
		get: (path, say) => request("GET", path, undefined, say),
		post: (path, body, say) => request("POST", path, body, say),
		put: (path, body, say) => request("PUT", path, body, say),
		patch: (path, body, say) => request("PATCH", path, body, say),
		delete: (path, say) => request("DELETE", path, undefined, say),
	};
};

export const login = async (
	api: HttpClient,
	email: string,
	password: string,
): Promise<{ id: string; token: string; refreshToken: string }> => {
	const answer = await api.post("/v1/auth/login", { email, password });
	if (answer.status !== 200) throw new Error(`${email} cannot log in: ${answer.status} ${answer.text}`);
	return { id: answer.body.user.id, token: answer.body.accessToken, refreshToken: answer.body.refreshToken };
};

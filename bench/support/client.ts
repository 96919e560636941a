import { Agent, request } from "node:http";

export interface Answer<T> {
	status: number;
	body: T;
	ms: number;
}

/** A plain keep-alive client: fetch costs several times the CPU, and on two cores the client's CPU is the server's loss. */
export class BenchClient {
	readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
	readonly #url: URL;
	readonly url: string;
	constructor(url: string) {
		this.url = url;
		this.#url = new URL(url);
	}

	call<T>(method: string, path: string, options: { token?: string; body?: unknown } = {}): Promise<Answer<T>> {
		const payload = options.body === undefined ? undefined : JSON.stringify(options.body);
		const headers: Record<string, string | number> = {};
		if (options.token) headers.authorization = `Bearer ${options.token}`;
		if (payload !== undefined) {
			headers["content-type"] = "application/json";
			headers["content-length"] = Buffer.byteLength(payload);
		}
		const begin = performance.now();
		return new Promise((resolve, reject) => {
			const sent = request(
				{ host: this.#url.hostname, port: this.#url.port, method, path, headers, agent: this.#agent },
				(answer) => {
					const chunks: Buffer[] = [];
					answer.on("data", (chunk: Buffer) => chunks.push(chunk));
					answer.on("error", reject);
					answer.on("end", () => {
						const text = Buffer.concat(chunks).toString();
						resolve({
							status: answer.statusCode ?? 0,
							body: (text ? JSON.parse(text) : null) as T,
							ms: performance.now() - begin,
						});
					});
				},
			);
			sent.on("error", reject);
			sent.end(payload);
		});
	}

	async expect<T>(
		status: number,
		method: string,
		path: string,
		options: { token?: string; body?: unknown } = {},
	): Promise<Answer<T>> {
		const answer = await this.call<T>(method, path, options);
		if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
		return answer;
	}

	close(): void {
		this.#agent.destroy();
	}
}

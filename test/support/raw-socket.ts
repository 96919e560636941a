import { until } from "./until.ts";

// engine.io's packets as they cross the wire, for what no honest client says.

const path = (url: string, transport: string, query: string): string =>
	`${url.replace(/^http/, transport === "websocket" ? "ws" : "http")}/socket.io/?EIO=4&transport=${transport}&${query}`;

export class RawSocket {
	readonly heard: string[] = [];
	readonly #ws: WebSocket;
	readonly #closed: Promise<unknown>;

	/** `query`: as it stands in the URL. */
	constructor(url: string, query: string) {
		this.#ws = new WebSocket(path(url, "websocket", query));
		this.#ws.addEventListener("error", () => undefined); // "close" follows
		this.#ws.addEventListener("message", ({ data }) => {
			this.heard.push(String(data));
			if (data === "2") this.say("3");
		});
		this.#closed = new Promise((resolve) => this.#ws.addEventListener("close", resolve));
	}

	async open(): Promise<this> {
		await until("the handshake of engine.io", async () => this.heard.length, (count) => count > 0); // biome-ignore format: one line
		return this;
	}

	say(packet: string | Uint8Array<ArrayBuffer>): void {
		if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(packet);
	}

	/** The first packet that begins so. */
	async hears(beginning: string): Promise<string> {
		const find = async () => this.heard.find((packet) => packet.startsWith(beginning));
		return (await until(`a packet ${beginning}…, heard ${this.heard.join(" ").slice(0, 500)}`, find, Boolean)) ?? "";
	}

	async join(token: string, more: object = {}): Promise<this> {
		await this.open();
		this.say(`40/chat,${JSON.stringify({ token, ...more })}`);
		await this.hears('42/chat,["ready"');
		return this;
	}

	get live(): boolean {
		return this.#ws.readyState === WebSocket.OPEN;
	}

	async ended(): Promise<void> {
		await this.#closed;
	}

	close(): void {
		this.#ws.close();
	}
}

/** A session of long polling, request by request. */
export class RawPolling {
	readonly heard: string[] = [];
	sid = "";
	readonly #url: string;

	constructor(url: string, query: string) {
		this.#url = path(url, "polling", query);
	}

	async open(): Promise<this> {
		const answer = await this.poll();
		this.sid = (JSON.parse((await answer.text()).slice(1)) as { sid: string }).sid;
		return this;
	}

	get url(): string {
		return this.sid ? `${this.#url}&sid=${this.sid}` : this.#url;
	}

	poll(): Promise<Response> {
		return fetch(this.url, { signal: AbortSignal.timeout(40_000) });
	}

	say(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
		return fetch(this.url, { method: "POST", body, headers: { "content-type": "text/plain;charset=UTF-8", ...headers } });
	}

	/** One poll; answers pings. */
	async take(): Promise<string[]> {
		const answer = await this.poll();
		const text = await answer.text();
		if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
		const packets = text.split("\u001e");
		this.heard.push(...packets);
		if (packets.includes("2")) await this.say("3");
		return packets;
	}

	/** Polls until something begins so. */
	async hears(beginning: string): Promise<string[]> {
		const heard: string[] = [];
		while (!heard.some((packet) => packet.startsWith(beginning))) heard.push(...(await this.take()));
		return heard;
	}

	async join(token: string, more: object = {}): Promise<this> {
		await this.open();
		await this.say(`40/chat,${JSON.stringify({ token, ...more })}`);
		await this.hears('42/chat,["ready"');
		return this;
	}
}

export const closeRaw = async (sockets: readonly RawSocket[]): Promise<void> => {
	for (const socket of sockets) socket.close();
	await Promise.all(sockets.map((socket) => socket.ended()));
};

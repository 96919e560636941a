import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { type HttpAnswer, type HttpClient, httpClient } from "./http.ts";
import { type Follower, Reader } from "./live-followers.ts";
import { type Market, openMarket, type Someone, signUp } from "./market.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { type Cluster, startCluster } from "./souk.ts";
import { SoukProcess } from "./souk-process.ts";

// A cluster behind nginx whose nodes are replaced one by one, and people who talk and order meanwhile.

const next = new URL("./next-version.ts", import.meta.url).href;

export interface RollingNode {
	readonly name: string;
	readonly services: readonly string[];
	process: SoukProcess;
	readonly env: Readonly<Record<string, string>>;
}

export interface Rolling {
	readonly cluster: Cluster;
	readonly api: HttpClient;
	readonly nodes: readonly RollingNode[];
	/** SIGTERM, and the next version in its place once it is gone. */
	replace(node: RollingNode): Promise<void>;
	stop(): Promise<void>;
}

/** Who takes requests, and who does the work: what crosses between two nodes crosses between two versions. */
const kinds = {
	front: ["gateway", "auth"],
	back: ["orders", "payment", "email", "chat", "notification"],
} as const;

const environmentOf = async (kind: keyof typeof kinds, name: string): Promise<Record<string, string>> => ({
	SERVICES: kinds[kind].join(","),
	NODE_ID: name,
	TRUST_PROXY: "1",
	...(kind === "front" ? { PORT: String(await freePort()) } : {}),
	...(kind === "back" ? { SOCKET_PORT: String(await freePort()) } : {}),
});

/** `each`: nodes of each kind. */
export const startRolling = async (each: number): Promise<Rolling> => {
	const cluster = await startCluster({ nodes: [], env: { LOG_LEVEL: "info" } });
	let nginx: Nginx | undefined;
	const nodes: RollingNode[] = [];
	const stop = async (): Promise<void> => {
		await nginx?.stop();
		await Promise.all(nodes.map(({ process }) => process.running && process.kill("SIGTERM")));
		await cluster.stop();
	};
	try {
		for (const kind of Object.keys(kinds) as (keyof typeof kinds)[])
			for (let count = 0; count < each; count += 1) {
				const name = `${kind}-${count}`;
				const env: Record<string, string> = {
					...cluster.env,
					...(await environmentOf(kind, name)),
				};
				nodes.push({ name, services: kinds[kind], env, process: new SoukProcess(env) });
			}
		await Promise.all(nodes.map(({ process }) => process.start()));
		const portsOf = (variable: string): string[] =>
			nodes.flatMap(({ env }) => (variable in env && env[variable] !== "0" ? [`127.0.0.1:${env[variable]}`] : [])).sort();
		const sockets = portsOf("SOCKET_PORT");
		nginx = await startNginx({ chat: sockets, notification: sockets, gateways: portsOf("PORT") });
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		cluster,
		api: httpClient(`http://127.0.0.1:${nginx.port}`),
		nodes,
		async replace(node) {
			const { code, signal } = await node.process.kill("SIGTERM");
			if (code !== 0 || signal !== null)
				throw new Error(`${node.name} ended with ${code ?? signal}:\n${node.process.logs.slice(-3_000)}`);
			node.process = new SoukProcess({ ...node.env, NODE_OPTIONS: `--import=${next}` });
			await node.process.start();
		},
		stop,
	};
};

/** What took how long, ms. */
export interface Timed {
	readonly at: number;
	readonly ms: number;
	readonly what: string;
}

export interface Talk {
	readonly id: string;
	readonly writer: Someone;
	readonly reader: Someone;
	readonly followers: readonly Follower[];
	/** By message: the seq that it was acked with. */
	readonly acked: Map<string, number>;
}

export interface PlacedOrder {
	readonly id: string;
	readonly key: string;
}

/** Everybody works until `end`. No request is ever repeated by who sends it; posts over sockets are, by the SDK. */
export class Busy {
	readonly talks: Talk[] = [];
	readonly orders: PlacedOrder[] = [];
	/** Requests that were not answered as they should be. */
	readonly failed: string[] = [];
	requests = 0;
	/** Posts over sockets, from when the person wrote to when it was acked; and over HTTP. */
	readonly posts: Timed[] = [];
	/** From when a message was acked until its last reader had it. */
	readonly seen: Timed[] = [];
	market!: Market;
	readonly #api: HttpClient;
	#over = false;
	#pauseMs = 0;
	#work: Promise<void>[] = [];

	constructor(api: HttpClient) {
		this.#api = api;
	}

	/** `pauseMs`: how long each rests between two things that they do. */
	async begin({ talks, people, pauseMs }: { talks: number; people: number; pauseMs: number }): Promise<void> {
		this.#pauseMs = pauseMs;
		this.market = await openMarket(this.#api);
		const all = await Promise.all(Array.from({ length: people }, () => signUp(this.#api, "buyer")));
		for (let index = 0; index < talks; index += 1) {
			const writer = all[index % people] as Someone;
			const reader = all[(index + 1 + Math.floor(index / people)) % people] as Someone;
			const made = await this.#api.post("/v1/conversations", { memberIds: [reader.id] }, { token: writer.token });
			const id: string = made.body.streamId;
			const at = { url: this.#api.url, position: { after: 0 } };
			// As clients are: with their own waits.
			const patient = { backoff: {} };
			const followers = [
				new Reader(id, { ...at, who: writer }, patient),
				new Reader(id, { ...at, who: reader, transport: index % 3 === 0 ? "polling" : "websocket" }, patient),
			];
			this.talks.push({ id, writer, reader, followers, acked: new Map() });
		}
		await Promise.all(this.talks.flatMap(({ followers }) => followers.map((follower) => follower.live())));
		this.#work = [...this.talks.map((talk) => this.#write(talk)), this.#postOverHttp(), this.#order(), this.#read()];
	}

	/** Resolves when all have finished what they had begun. */
	async end(): Promise<void> {
		this.#over = true;
		await Promise.all(this.#work);
	}

	close(): void {
		this.#over = true;
		// What is cut off here is nobody's result any more.
		for (const work of this.#work) work.catch(() => undefined);
		for (const { followers } of this.talks) for (const follower of followers) follower.close();
	}

	async #until(work: () => Promise<void>): Promise<void> {
		while (!this.#over) {
			await work();
			await delay(this.#pauseMs);
		}
	}

	async #timed<T>(into: Timed[], what: string, work: () => Promise<T>): Promise<T> {
		const [at, begin] = [Date.now(), performance.now()];
		const done = await work();
		into.push({ at, ms: performance.now() - begin, what });
		return done;
	}

	/** Null: it failed, and is written down. */
	async #ask(what: string, status: number, send: () => Promise<HttpAnswer>): Promise<HttpAnswer | null> {
		this.requests += 1;
		const answer = await send().catch((error: unknown) => `${error} ${(error as Error).cause ?? ""}`);
		if (typeof answer !== "string" && answer.status === status) return answer;
		this.failed.push(
			`${new Date().toISOString()} ${what}: ${typeof answer === "string" ? answer : `${answer.status} ${answer.text}`}`,
		);
		return null;
	}

	async #write(talk: Talk): Promise<void> {
		const [writer, reader] = talk.followers as [Reader, Reader];
		await this.#until(async () => {
			const message = randomUUID();
			const { seq } = await this.#timed(this.posts, `socket ${talk.id}`, () => writer.stream.post(message, message));
			talk.acked.set(message, seq);
			void this.#timed(this.seen, talk.id, () => reader.reach(seq)).catch((error: unknown) => this.failed.push(String(error)));
		});
	}

	async #postOverHttp(): Promise<void> {
		let turn = 0;
		await this.#until(async () => {
			const talk = this.talks[turn++ % this.talks.length] as Talk;
			const message = randomUUID();
			const body = { id: message, text: message };
			const send = () => this.#api.post(`/v1/conversations/${talk.id}/messages`, body, { token: talk.reader.token });
			const answer = await this.#timed(this.posts, `http ${talk.id}`, () => this.#ask("post", 201, send));
			if (answer) talk.acked.set(message, answer.body.seq);
		});
	}

	async #order(): Promise<void> {
		let count = 0;
		await this.#until(async () => {
			const key = `rolling-${count++}`;
			const answer = await this.#ask("order", 201, () =>
				this.market.tryPlace({ paymentMethod: "sandbox_success" }, { "idempotency-key": key }),
			);
			if (answer) this.orders.push({ id: answer.body.id, key });
		});
	}

	async #read(): Promise<void> {
		await this.#until(async () => {
			const { token } = this.market.buyer;
			await this.#ask("list", 200, () => this.#api.get("/v1/orders?limit=5", { token }));
			const last = this.orders.at(-1);
			if (last) await this.#ask("get", 200, () => this.#api.get(`/v1/orders/${last.id}`, { token }));
			await this.#ask("unkeyed", 201, () => this.#api.post("/v1/products", { name: "Tea", price: { amount: 100, currency: "MYR" } }, { token: this.market.seller.token })); // biome-ignore format: one line
		});
	}
}

export const longest = (all: readonly Timed[]): Timed =>
	all.reduce((most, one) => (one.ms > most.ms ? one : most), { at: 0, ms: 0, what: "" });

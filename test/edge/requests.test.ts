import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server } from "node:http";
import { request as secureRequest } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { authority } from "../support/certificates.ts";
import { httpClient } from "../support/http.ts";
import { checkNginx, type Nginx, type NginxOptions, places, startNginx } from "../support/nginx.ts";
import { needs, needsCommand } from "../support/servers.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

// What comes through nginx, and what does not, as a node behind it sees it.

interface Came {
	readonly at: Echo;
	readonly method: string;
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

/** Tells what it was sent, on the instances that share `came`. */
class Echo {
	readonly #server: Server;
	readonly came: Came[];
	/** Instead of an answer. */
	instead: ((req: IncomingMessage, socket: Socket) => void) | null = null;

	constructor(came: Came[]) {
		this.came = came;
		this.#server = createServer(async (req, res) => {
			if (this.instead) return this.instead(req, req.socket);
			// As the intake does: a line back for each piece that came, as it came.
			if (req.url === "/v1/orders/intake") {
				for await (const piece of req) res.write(`got ${String(piece)}`);
				return void res.end();
			}
			const body = (await req.toArray()).join("");
			this.came.push({ at: this, method: req.method ?? "", url: req.url ?? "", headers: req.headers, body });
			res.setHeader("X-Powered-By-Souk", "yes").end("here");
		});
		this.#server.on("upgrade", (req: IncomingMessage, socket: Socket) => {
			this.came.push({ at: this, method: "UPGRADE", url: req.url ?? "", headers: req.headers, body: "" });
			socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
			socket.on("error", () => undefined).pipe(socket);
		});
	}

	async listen(): Promise<this> {
		this.#server.listen(0, "127.0.0.1");
		await once(this.#server, "listening");
		return this;
	}

	get address(): string {
		return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	close(): void {
		this.#server.closeAllConnections();
		this.#server.close();
	}
}

/** All that comes back on a connection that says this, until it is closed or `enough`. */
const rawly = (port: number, said: string, enough?: RegExp): Promise<string> =>
	new Promise((resolve) => {
		const socket = connect({ port, host: "127.0.0.1" });
		let heard = "";
		socket.on("connect", () => socket.write(said));
		socket.on("data", (chunk) => {
			heard += chunk.toString("latin1");
			if (enough?.test(heard)) socket.destroy();
		});
		socket.on("error", () => undefined).on("close", () => resolve(heard));
	});

describe("What comes through nginx", function () {
	this.timeout(30_000);
	const came: Came[] = [];
	const echoes: Echo[] = [];
	const running: Nginx[] = [];
	let nginx: Nginx;
	let dir: string;
	const start = async (options: NginxOptions = {}): Promise<Nginx> => {
		const [chat = "", notification = "", ...gateways] = echoes.map(({ address }) => address);
		const started = await startNginx({ chat: [chat], notification: [notification], gateways }, options);
		running.push(started);
		return started;
	};

	before(async function () {
		needs(this, "nginx");
		needsCommand(this, "openssl");
		dir = await tempDir("edge");
		for (let count = 0; count < 4; count += 1) echoes.push(await new Echo(came).listen());
		nginx = await start();
	});
	afterEach(() => {
		came.splice(0);
		for (const echo of echoes) echo.instead = null;
	});
	after(async () => {
		await Promise.all(running.map((one) => one.stop()));
		for (const echo of echoes) echo.close();
		if (dir) await removeDir(dir);
	});

	const api = () => httpClient(`http://127.0.0.1:${nginx.port}`);
	const last = (): Came => came.at(-1) as Came;

	it("brings along who was seen, and nothing that only nodes may say", async () => {
		const claims = { "x-forwarded-for": "6.6.6.6", "souk-hop": "stolen", "x-real-ip": "6.6.6.6", forwarded: "for=6.6.6.6" };
		for (const path of ["/v1/products?x=1", "/v1/admin/nodes", "/socket.io/?EIO=4&transport=polling&stream_id=a"]) {
			await api().get(path, { headers: { ...claims, "x-forwarded-proto": "https", host: "souk.example" } });
			const { url, headers } = last();
			assert.equal(url, path);
			assert.equal(headers["x-forwarded-for"], "6.6.6.6, 127.0.0.1"); // TRUST_PROXY=1 believes the last one
			assert.equal(headers["x-forwarded-proto"], "http");
			assert.deepEqual([headers["souk-hop"], headers.forwarded, headers["x-real-ip"]], [undefined, undefined, undefined], path);
		}
	});

	it("lets nothing become another protocol but a WebSocket under /socket.io/", async () => {
		const ask = (path: string, protocol: string): string =>
			`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`;
		const socket = "/socket.io/?EIO=4&transport=websocket&stream_id=a";
		assert.match(await rawly(nginx.port, `${ask(socket, "WebSocket")}echoed`, /echoed/), /^HTTP\/1.1 101 [\s\S]*echoed/);
		assert.equal(last().method, "UPGRADE");
		const others: [string, string][] = [
			["/v1/products", "websocket"],
			["/v1/products", "h2c"],
			[socket, "h2c"],
			[socket, "websocket, h2c"],
		];
		for (const [path, protocol] of others) {
			assert.match(await rawly(nginx.port, ask(path, protocol), /here/), /^HTTP\/1.1 200 /);
			assert.deepEqual([last().method, last().headers.upgrade, last().headers.connection], ["GET", undefined, "close"]);
		}
	});

	it("refuses what could be read as two requests", async () => {
		const second = "GET /v1/admin/nodes HTTP/1.1\r\nHost: a\r\n\r\n";
		const bad = [
			`POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`,
			`POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: ${second.length}\r\n\r\n${second}`,
			`POST /v1/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n${second}`,
			`POST /v1/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${second}`,
			`GET /v1/orders HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${second}`,
			`POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello${second}`,
		];
		for (const said of bad) {
			const heard = await rawly(nginx.port, said);
			assert.match(heard, /^HTTP\/1.1 (400|501) /, said);
		}
		assert.deepEqual(came, []);
	});

	it("tells nobody which nginx it is, and nobody outside the metrics", async () => {
		const answers = [
			await api().get("/v1/products"),
			await api().get("/metrics"),
			await api().get("/%6detrics"),
			await api().get("/socket.io/?stream_id=%00", { headers: { host: "x" } }),
			await api().post("/v1/orders", "x".repeat(3 * 1024 * 1024)),
		];
		for (const { headers, text } of answers) assert.doesNotMatch(`${headers.get("server")} ${text}`, /nginx\/|\d\.\d+\.\d/);
		assert.deepEqual(answers.map(({ status }) => status), [200, 404, 404, 200, 413]); // biome-ignore format: one line
		assert.deepEqual(came.map(({ url }) => url), ["/v1/products", "/socket.io/?stream_id=%00"]); // biome-ignore format: one line
	});

	it("takes bodies as large as gateways look at, and refuses larger ones in the words of the API", async () => {
		const body = "x".repeat(1.5 * 1024 * 1024);
		assert.equal((await api().post("/v1/orders", body)).status, 200);
		assert.equal(last().body.length, body.length);
		for (const headers of [{}, { "idempotency-key": "large" }] as Record<string, string>[]) {
			const { status, body: problem, headers: said } = await api().post("/v1/orders", body.repeat(2), { headers });
			assert.deepEqual([status, problem.code, said.get("content-type")], [413, "PAYLOAD_TOO_LARGE", "application/problem+json"]);
		}
	});

	it("passes order documents on as they come, and their answers too", async () => {
		const req = request({ port: nginx.port, host: "127.0.0.1", method: "POST", path: "/v1/orders/intake" });
		req.flushHeaders();
		req.write("one\n");
		const [res] = (await once(req, "response")) as [IncomingMessage];
		const lines = res[Symbol.asyncIterator]();
		assert.equal(String((await lines.next()).value), "got one\n");
		req.write("two\n");
		assert.equal(String((await lines.next()).value), "got two\n");
		req.end();
		assert.equal((await lines.next()).done, true);
	});

	it("asks another gateway when one dies with a request that may be done twice, and only then", async () => {
		const [, , first, second] = echoes as [Echo, Echo, Echo, Echo];
		let lost = 0;
		const dies = (req: IncomingMessage, socket: Socket): void => {
			lost += 1;
			req.once("end", () => socket.destroy()).resume();
		};
		first.instead = dies;
		// Each gateway is asked in turn: of two requests one comes to the one that dies.
		for (const say of [{}, { headers: { "idempotency-key": "again" } }]) {
			const method = "headers" in say ? "POST" : "GET";
			const send = () => api().request(method, "/v1/orders", method === "POST" ? { item: 1 } : undefined, say);
			const before = lost;
			for (let count = 0; count < 4 && lost === before; count += 1) assert.equal((await send()).status, 200);
			assert.equal(lost, before + 1, method);
			assert.ok(came.every(({ at }) => at === second));
			// For a moment it is not asked again.
			await api().get("/v1/products");
			await nginx.reload({ chat: [echoes[0]?.address ?? ""], notification: [echoes[1]?.address ?? ""], gateways: [first.address, second.address] }); // biome-ignore format: one line
		}
		second.instead = dies;
		const { status, body, headers } = await api().post("/v1/orders", { item: 1 });
		assert.deepEqual([status, body.code, body.status, headers.get("retry-after")], [503, "UNAVAILABLE", 503, "1"]);
		assert.equal(lost, 3); // one gateway has seen it
	});

	it("lets those who look after Souk in from where they are, whatever the path looks like", async () => {
		const walled = httpClient(`http://127.0.0.1:${(await start({ admin: "deny all;" })).port}`);
		for (const path of ["/v1/admin/nodes", "/v1//admin/nodes", "/v1/%61dmin/nodes", "/v1/orders/../admin/nodes"]) {
			const keyed = await walled.get(path, { headers: { "idempotency-key": "a" } });
			assert.deepEqual([keyed.status, came.length], [403, 0], path);
		}
		assert.equal((await walled.get("/v1/orders")).status, 200);
	});

	it("is taken by nginx without a warning, in each place where it stands", async () => {
		const { issue } = await authority(dir, "place");
		await issue("tls");
		for (const place of places)
			for (const tls of [undefined, dir]) {
				const said = await checkNginx(place, tls);
				assert.match(said, /test is successful/);
				assert.doesNotMatch(said.replace('the "user" directive', ""), /\[(warn|emerg)\]/, place);
			}
	});

	it("ends TLS where it is asked to, and sends the others there, but for probes", async () => {
		const { ca, issue } = await authority(dir);
		await issue("tls"); // as tls.crt and tls.key
		const { port, tlsPort } = await start({ tls: dir });
		const req = secureRequest({ port: tlsPort, host: "127.0.0.1", path: "/v1/products", ca: await readFile(ca) }).end();
		const [res] = (await once(req, "response")) as [IncomingMessage];
		assert.equal((await res.toArray()).join(""), "here");
		assert.equal(last().headers["x-forwarded-proto"], "https");
		const old = secureRequest({ port: tlsPort, host: "127.0.0.1", ca: await readFile(ca), maxVersion: "TLSv1.1", minVersion: "TLSv1.1" }).end(); // biome-ignore format: one line
		await once(old, "error");
		const plain = httpClient(`http://127.0.0.1:${port}`);
		const sent = await plain.get("/v1/products?a=b", { headers: { host: "souk.example" } });
		assert.equal(sent.status, 308);
		assert.match(sent.headers.get("location") ?? "", /^https:\/\/[^/]+\/v1\/products\?a=b$/);
		assert.equal((await plain.get("/health/live")).status, 200);
	});
});

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { shop, shopRoutes } from "../../support/shop.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

const script = "export const made = 'by a build';\n".repeat(100);

describe("the files of the web client", () => {
	const nodes = new GatewayNodes();
	let dir: string;
	let node: GatewayNode;
	before(async () => {
		dir = await tempDir("web");
		const assets = join(dir, "assets");
		await mkdir(assets);
		await writeFile(join(dir, "index.html"), "<!doctype html><title>Souk</title>");
		await writeFile(join(assets, "main-1a2b.js"), script);
		await writeFile(join(assets, "main-1a2b.js.br"), brotliCompressSync(script));
		await writeFile(join(assets, "main-1a2b.js.gz"), gzipSync(script));
		await writeFile(join(assets, "icon-3c.svg"), "<svg/>");
		node = await nodes.start({ routes: shopRoutes, services: [shop().schema], web: dir });
	});
	after(async () => {
		await nodes.stopAll();
		await removeDir(dir);
	});

	const get = (path: string, headers: Record<string, string> = {}) => node.api.get(path, { headers });

	it("are one page at / and under /app/, which nobody keeps", async () => {
		for (const path of ["/", "/app", "/app/", "/app/orders", "/app/orders/abc", "/app/orders/abc/confirm"]) {
			const { status, text, headers } = await get(path);
			assert.equal(status, 200, path);
			assert.match(text, /<title>Souk/);
			assert.equal(headers.get("cache-control"), "no-store");
			assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
		}
	});

	it("may run scripts and styles of this host only, and none inline", async () => {
		const policy = (await get("/app/shop")).headers.get("content-security-policy") ?? "";
		assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
		assert.match(policy, /require-trusted-types-for 'script'/);
		assert.doesNotMatch(policy, /unsafe|https?:|\*/);
	});

	it("come compressed as the browser likes it, and are kept for ever under a name with a hash", async () => {
		for (const [accepts, encoding] of [
			["gzip, deflate, br, zstd", "br"],
			["gzip", "gzip"],
			["br;q=0, gzip;q=0.5", "gzip"],
			["identity", null],
		] as const) {
			const { text, headers } = await get("/app/assets/main-1a2b.js", { "accept-encoding": accepts });
			assert.equal(headers.get("content-encoding"), encoding, accepts);
			assert.equal(text, script);
			assert.equal(headers.get("vary"), "Accept-Encoding");
			assert.equal(headers.get("cache-control"), "public, max-age=31536000, immutable");
			assert.equal(headers.get("content-type"), "text/javascript; charset=utf-8");
		}
	});

	it("are not sent again to whoever has them", async () => {
		const headers = { "accept-encoding": "br" };
		const etag = (await get("/app/assets/main-1a2b.js", headers)).headers.get("etag") ?? "";
		assert.equal((await get("/app/assets/main-1a2b.js", { ...headers, "if-none-match": etag })).status, 304);
		assert.equal((await get("/app/assets/main-1a2b.js", { "accept-encoding": "gzip", "if-none-match": etag })).status, 200);
	});

	it("are those of the build and nothing else", async () => {
		for (const name of ["other.js", "main-1a2b.js.br", "..%2Findex.html", "%2e%2e%2f%2e%2e%2fpackage.json", "icon-3c.js"]) {
			assert.equal((await get(`/app/assets/${name}`)).status, 404, name);
		}
		assert.equal((await get("/app/assets/icon-3c.svg")).headers.get("content-type"), "image/svg+xml");
	});

	it("take no path from older clients", async () => {
		for (const path of ["/orders", "/orders/one/1", "/chat/messages", "/api/notifications"])
			assert.equal((await get(path)).status, 404, path);
	});

	it("have a page that says what to do in their place where they were not built", async () => {
		const unbuilt = await nodes.start({
			routes: shopRoutes,
			services: [shop().schema],
			web: join(dir, "nowhere"),
		});
		for (const path of ["/", "/app/orders"]) {
			const { status, text } = await unbuilt.api.get(path);
			assert.equal(status, 200);
			assert.match(text, /npm run build:web/);
		}
		assert.equal((await unbuilt.api.get("/docs")).status, 200);
	});
});

import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { readEnvironment } from "../../../config/environment.ts";
import { addressOf } from "../../../mixins/rest/client.ts";
import { corsHeaders, securityHeaders } from "../../../mixins/rest/headers.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { testSettings } from "../../support/settings.ts";
import { shop, shopRoutes } from "../../support/shop.ts";

const shopOrigin = "https://shop.example";

describe("headers of every answer", () => {
	const nodes = new GatewayNodes();
	let node: GatewayNode;
	let token: string;
	before(async () => {
		const profile = { corsOrigins: [shopOrigin] };
		node = await nodes.start({ routes: shopRoutes, services: [shop().schema], profile });
		token = await node.token("ana");
	});
	after(nodes.stopAll);

	const paths = ["/v1/things", "/v1/things/a", "/v1/public", "/nope", "/v1/fails/unexpected", "/", "/docs", "/openapi.json"];

	for (const path of paths) {
		it(`make ${path} harmless wherever it is opened`, async () => {
			const { headers } = await node.api.get(path, { token });
			assert.equal(headers.get("x-content-type-options"), "nosniff");
			assert.equal(headers.get("x-frame-options"), "DENY");
			assert.equal(headers.get("referrer-policy"), "no-referrer");
			assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
			assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none';.*frame-ancestors 'none'/);
			assert.doesNotMatch(headers.get("content-security-policy") ?? "", /script-src[^;]*(unsafe|http)/);
			assert.equal(headers.get("x-powered-by"), null);
			assert.equal(headers.get("server"), null);
			assert.match(headers.get("x-request-id") ?? "", /^[a-z2-7]{24}$/);
		});
	}

	it("keep private answers out of caches", async () => {
		for (const path of ["/v1/things", "/v1/things/a", "/v1/fails/refused"]) {
			assert.equal((await node.api.get(path, { token })).headers.get("cache-control"), "no-store");
		}
	});

	it("promise https only where there is https", () => {
		assert.equal(securityHeaders({ publicUrl: "http://localhost:7000" })["Strict-Transport-Security"], undefined);
		assert.match(securityHeaders({ publicUrl: "https://souk.example" })["Strict-Transport-Security"] ?? "", /^max-age=\d{8}/);
	});

	describe("request ids", () => {
		const sent = async (id: string, name = "x-request-id") =>
			(await node.api.get("/v1/things", { token, headers: { [name]: id } })).headers.get("x-request-id");

		it("are theirs if they are fit for a log", async () => {
			for (const id of ["abc-1.2:3_4", "a".repeat(128), "00-4bf92f3577b34da6a3ce929d0e0e4736/01="])
				assert.equal(await sent(id), id);
		});

		it("are ours otherwise", async () => {
			for (const id of ["a b", "a".repeat(129), '"}{', "é", "a,b"]) assert.match((await sent(id)) ?? "", /^[a-z2-7]{24}$/);
		});

		it("are not taken from X-Correlation-ID, as moleculer-web would", async () => {
			assert.match((await sent("theirs", "x-correlation-id")) ?? "", /^[a-z2-7]{24}$/);
		});
	});

	describe("CORS", () => {
		it("lets the origins of the list read answers and problems, with the headers that matter", async () => {
			for (const path of ["/v1/things", "/nope"]) {
				const { headers } = await node.api.get(path, { token, headers: { origin: shopOrigin } });
				assert.equal(headers.get("access-control-allow-origin"), shopOrigin);
				assert.match(headers.get("access-control-expose-headers") ?? "", /ETag.*Retry-After.*X-Request-Id/);
				assert.equal(headers.get("access-control-allow-credentials"), null);
				assert.match(headers.get("vary") ?? "", /Origin/);
			}
		});

		it("answers others without a word about CORS, and tells caches that the origin matters", async () => {
			for (const origin of ["https://evil.example", "https://shop.example.evil.example", "https://shop", "null"]) {
				const { status, headers } = await node.api.get("/v1/things", { token, headers: { origin } });
				assert.equal(status, 200);
				assert.equal(headers.get("access-control-allow-origin"), null);
				assert.match(headers.get("vary") ?? "", /Origin/);
			}
		});

		const preflight = (path: string, origin: string, method = "PUT") =>
			node.api.request("OPTIONS", path, undefined, { headers: { origin, "access-control-request-method": method } });

		it("answers a preflight without a token", async () => {
			const { status, headers } = await preflight("/v1/things/a", shopOrigin);
			assert.equal(status, 204);
			assert.equal(headers.get("access-control-allow-methods"), "GET, PUT, DELETE, HEAD, OPTIONS");
			assert.match(headers.get("access-control-allow-headers") ?? "", /Authorization.*Idempotency-Key.*If-Match/);
			assert.equal(headers.get("access-control-max-age"), "600");
		});

		it("allows nothing in a preflight of others", async () => {
			const { status, headers } = await preflight("/v1/things/a", "https://evil.example");
			assert.equal(status, 204);
			assert.equal(headers.get("access-control-allow-methods"), null);
			assert.equal(headers.get("access-control-allow-origin"), null);
		});

		it("says nothing at all without a list, and names the origin even for *", () => {
			assert.deepEqual(corsHeaders([], shopOrigin), {});
			assert.equal(corsHeaders(["*"], shopOrigin)["Access-Control-Allow-Origin"], shopOrigin);
		});
	});

	it("tell the methods of a path on OPTIONS, and 404 where there is none", async () => {
		const { status, headers } = await node.api.request("OPTIONS", "/v1/things/a/move");
		assert.equal(status, 204);
		assert.equal(headers.get("allow"), "POST, OPTIONS");
		assert.equal((await node.api.request("OPTIONS", "/nope")).status, 404);
	});

	it("of HEAD are those of GET, without the body", async () => {
		for (const path of ["/v1/things/a", "/openapi.json", "/docs"]) {
			const [got, head] = await Promise.all([
				node.api.get(path, { token }),
				node.api.request("HEAD", path, undefined, { token }),
			]);
			assert.equal(head.status, 200);
			assert.equal(head.text, "");
			for (const name of ["content-length", "content-type", "etag"]) assert.equal(head.headers.get(name), got.headers.get(name));
		}
		assert.equal((await node.api.request("HEAD", "/nope", undefined, { token })).status, 404);
	});
});

describe("the client's address", () => {
	const addressFor = (trustProxy: number, forwarded: string | undefined): string => {
		const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
		return addressOf({ socket: { remoteAddress: "::ffff:10.0.0.9" }, headers } as unknown as IncomingMessage, trustProxy);
	};

	it("is that of the socket unless proxies are trusted", () => {
		assert.equal(addressFor(0, "1.2.3.4"), "10.0.0.9");
		assert.equal(readEnvironment(testSettings).trustProxy, 0);
	});

	it("is as far from the right as there are proxies; what stands further left, the client wrote itself", () => {
		assert.equal(addressFor(1, "6.6.6.6, 1.2.3.4"), "1.2.3.4");
		assert.equal(addressFor(2, "6.6.6.6, 1.2.3.4, 10.0.0.8"), "1.2.3.4");
		assert.equal(addressFor(2, "1.2.3.4"), "1.2.3.4");
		assert.equal(addressFor(1, undefined), "10.0.0.9");
	});
});

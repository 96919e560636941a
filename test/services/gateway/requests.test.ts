import assert from "node:assert/strict";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { shop, shopRoutes } from "../../support/shop.ts";

describe("what reaches an action through the gateway", () => {
	const nodes = new GatewayNodes();
	let node: GatewayNode;
	let token: string;
	before(async () => {
		node = await nodes.start({ routes: shopRoutes, services: [shop().schema] });
		token = await node.token("ana");
	});
	after(nodes.stopAll);

	const get = (path: string, headers = {}) => node.api.get(path, { token, headers });

	it("converts query values to what the schema says and fills in defaults", async () => {
		const { body } = await get("/v1/things?limit=5&deep=true&q=ab&unknown=1");
		assert.deepEqual(body.params, { limit: 5, deep: true, q: "ab" });
		assert.deepEqual((await get("/v1/things")).body.params, { limit: 20 });
	});

	for (const limit of ["0", "101", "abc", "", "1.5", "0x10", "1e1", "5&limit=6", " 5", "%2B5"]) {
		it(`refuses ?limit=${limit}`, async () => {
			const { status, body } = await get(`/v1/things?limit=${limit}`);
			assert.equal(status, 400);
			assert.equal(body.code, "VALIDATION");
			assert.equal(body.errors[0].pointer, "/limit");
		});
	}

	it("lets the path win over the query and the query over the body", async () => {
		const { body } = await node.api.put(
			"/v1/things/mine?id=theirs&how=query",
			{ id: "other", how: "body", what: "body" },
			{ token },
		);
		assert.deepEqual(body.params, { id: "mine", how: "query", what: "body" });
	});

	it("strips what no schema knows, prototypes included", async () => {
		const text =
			'{"how":"a","price":1,"status":"paid","userId":"x","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
		const { status, body } = await node.api.put("/v1/things/mine", text, {
			token,
			headers: { "content-type": "application/json" },
		});
		assert.equal(status, 200);
		assert.deepEqual(body.params, { id: "mine", how: "a" });
		assert.equal((await get("/v1/things?__proto__=1&constructor=2&toString=3")).status, 200);
		assert.equal(({} as { polluted?: boolean }).polluted, undefined);
	});

	it("names every wrong field of query and body in one answer", async () => {
		const { status, body } = await node.api.post("/v1/things", { tags: [{ word: "a" }, { word: 1 }, {}] }, { token });
		assert.equal(status, 400);
		assert.deepEqual(body.errors, [
			{ pointer: "/name", detail: "is required" },
			{ pointer: "/tags/1/word", detail: "must be string" },
			{ pointer: "/tags/2/word", detail: "is required" },
		]);
		const both = await node.api.put("/v1/things/mine?id=a&id=b", { how: 1 }, { token });
		assert.deepEqual(
			both.body.errors.map(({ pointer }: { pointer: string }) => pointer),
			["/id", "/how"],
		);
	});

	it("takes an id that cannot be one of ours for an unknown one", async () => {
		for (const id of ["bad%20id", "%F0%9F%98%80", "a%2Fb", "x".repeat(65)]) {
			const { status, body } = await node.api.put(`/v1/things/${id}`, { how: 1 }, { token });
			assert.deepEqual([status, body.code], [404, "NOT_FOUND"], id);
		}
	});

	it("prefers a fixed path to a parameter", async () => {
		assert.deepEqual((await get("/v1/things/special")).body.params, {});
	});

	it("hands over who calls, from where, and with which request key", async () => {
		const { body } = await node.api.put(
			"/v1/things/mine",
			{},
			{ token, headers: { "user-agent": "a test", "idempotency-key": "k" } },
		);
		const { user, client, request } = body.meta;
		assert.deepEqual(user, { id: "ana", roles: ["buyer"], sessionId: "session-of-ana" });
		assert.deepEqual(client, { address: "127.0.0.1", agent: "a test" });
		assert.match(request.key, /^[a-z2-7]{24}$/);
		assert.equal(request.named, false, "a PUT makes nothing: the header means nothing there");
	});

	it("hands a raw body over to the letter, with the signature and without the token", async () => {
		const text = '{ "id":\n "é" }';
		const headers = { "souk-signature": "t=1,v1=00", authorization: "Bearer x", "content-type": "application/json" };
		const { body } = await node.api.post("/v1/hooks/sandbox", text, { headers });
		assert.deepEqual(body.params, {
			provider: "sandbox",
			rawBody: text,
			headers: { "souk-signature": "t=1,v1=00", "content-type": "application/json" },
		});
	});

	it("lets the action say that it is a repeat, that it came from a cache, and that another status fits", async () => {
		const told = async (q: string): Promise<unknown[]> => {
			const { status, headers } = await get(`/v1/things?q=${q}`);
			return [status, headers.get("idempotency-replayed"), headers.get("x-cache")];
		};
		assert.deepEqual(await told("old"), [200, "true", null]);
		assert.deepEqual(await told("hit"), [200, null, "HIT"]);
		assert.deepEqual(await told("other"), [202, null, null]);
		assert.deepEqual(await told("none"), [200, null, null]);
	});

	describe("bodies", () => {
		const post = (body: string | Uint8Array | undefined, headers: Record<string, string>, path = "/v1/things") =>
			node.api.post(path, body, { token, headers });
		const json = { "content-type": "application/json" };

		it("takes JSON with a charset of UTF-8", async () => {
			assert.equal((await post('{"name":"é"}', { "content-type": 'Application/JSON; Charset="utf-8"' })).status, 201);
		});

		for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""]) {
			it(`answers 415 to a body of type "${type}"`, async () => {
				const { status, body } = await post(new TextEncoder().encode('{"name":"a"}'), type ? { "content-type": type } : {});
				assert.equal(status, 415);
				assert.equal(body.code, "UNSUPPORTED_MEDIA_TYPE");
			});
		}

		it("answers 415 to a compressed body", async () => {
			assert.equal((await post('{"name":"a"}', { ...json, "content-encoding": "gzip" })).status, 415);
		});

		for (const text of ['{"name":', "nope", '{"name":"a"}x', "\ufeff{}"]) {
			it(`answers 400 to malformed JSON: ${JSON.stringify(text)}`, async () => {
				const { status, body } = await post(text, json);
				assert.equal(status, 400);
				assert.equal(body.code, "VALIDATION");
				assert.doesNotMatch(body.detail, /name|nope/);
			});
		}

		it("answers 400 to bytes that are not UTF-8", async () => {
			assert.equal((await post(new Uint8Array([0x22, 0xff, 0x22]), json)).status, 400);
		});

		it("answers 400 to JSON that is no object", async () => {
			assert.equal((await post("[]", json)).status, 400);
			assert.equal((await post('"text"', json)).status, 400);
		});

		for (const [open, close] of [
			["[", "]"],
			['{"a":', "}"],
		] as const) {
			it(`survives what nests as deep as a body can: ${open}`, async () => {
				const deep = Math.floor((1024 * 1024 - 40) / (open.length + close.length));
				const { status } = await post(`{"name":"a","x":${open.repeat(deep)}${open === "[" ? "" : 1}${close.repeat(deep)}}`, json);
				assert.ok(status === 201 || status === 400, String(status));
			});
		}

		it("takes an absent body for an empty one", async () => {
			assert.equal((await post(undefined, {}, "/v1/things/a/move")).status, 200);
			assert.equal((await post("", json, "/v1/things/a/move")).status, 200);
			assert.equal((await post("null", json, "/v1/things/a/move")).status, 400);
			assert.deepEqual((await post(undefined, {})).body.errors, [{ pointer: "/name", detail: "is required" }]);
		});

		const big = JSON.stringify({ name: "a", x: "y".repeat(1.1 * 1024 * 1024) });
		it("answers 413 to more than 1 MiB, announced or not, and keeps the connection usable", async () => {
			assert.equal((await post(big, json)).status, 413);
			const chunks = async function* () {
				for (let at = 0; at < big.length; at += 65_536) yield new TextEncoder().encode(big.slice(at, at + 65_536));
			};
			const headers = { ...json, authorization: `Bearer ${token}` };
			const options = { method: "POST", headers, body: chunks(), duplex: "half" } as unknown as RequestInit;
			const chunked = await fetch(`${node.api.url}/v1/things`, options);
			assert.equal(chunked.status, 413);
			assert.equal(((await chunked.json()) as { code: string }).code, "PAYLOAD_TOO_LARGE");
			assert.equal((await get("/v1/things")).status, 200);
		});

		it("takes just under 1 MiB", async () => {
			const text = JSON.stringify({ name: "a", x: "y".repeat(1024 * 1024 - 40) });
			assert.equal((await post(text, json)).status, 201);
		});
	});
});

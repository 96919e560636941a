import assert from "node:assert/strict";
import { connect } from "node:net";
import { type ErrorCode, errorTable, problemType } from "../../../contracts/errors.ts";
import { listening } from "../../support/brokers.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import type { HttpAnswer } from "../../support/http.ts";
import { shop, shopRoutes } from "../../support/shop.ts";

const assertProblem = (answer: HttpAnswer, code: ErrorCode): void => {
	const { status, title } = errorTable[code];
	assert.equal(answer.status, status, answer.text);
	assert.equal(answer.headers.get("content-type"), "application/problem+json");
	assert.equal(answer.headers.get("cache-control"), "no-store");
	const { type, code: told, requestId, detail, ...rest } = answer.body;
	assert.deepEqual([type, told, rest.title, rest.status], [problemType(code), code, title, status]);
	assert.ok(detail.length > 0);
	assert.equal(requestId, answer.headers.get("x-request-id"));
	assert.doesNotMatch(answer.text, /\bat .*:\d+|node_modules|shop\.|nodeID|"stack"|TypeError/);
};

describe("problems", () => {
	const nodes = new GatewayNodes();
	const lines: unknown[][] = [];
	let node: GatewayNode;
	let token: string;
	before(async () => {
		node = await nodes.start({
			routes: [
				...shopRoutes,
				{
					method: "GET",
					path: "/v1/gone",
					action: "nobody.home",
					summary: "",
					tag: "x",
					auth: "user",
					status: 200,
					answer: null,
				},
			],
			services: [shop().schema, { name: "nobody" }],
			broker: { ...listening(lines), requestTimeout: 300, tracking: { enabled: true, shutdownTimeout: 100 } },
		});
		token = await node.token("ana");
	});
	after(nodes.stopAll);

	const get = (path: string, headers = {}) => node.api.get(path, { token, headers });

	it("answers 404 to an unknown path, whatever the method", async () => {
		for (const path of [
			"/nope",
			"/v1/things/a/b",
			"/V1/Things",
			"/v1//things",
			"/gateway/health",
			"/~node/list",
			"/shop/list",
			"/list-aliases",
		]) {
			assertProblem(await get(path), "NOT_FOUND");
			assertProblem(await node.api.post(path, {}, { token }), "NOT_FOUND");
		}
	});

	it("answers 405 to a known path with another method, and says which it knows", async () => {
		const answer = await node.api.delete("/v1/things", { token });
		assertProblem(answer, "METHOD_NOT_ALLOWED");
		assert.equal(answer.headers.get("allow"), "GET, POST, HEAD, OPTIONS");
		assertProblem(await node.api.request("PROPFIND", "/v1/things"), "METHOD_NOT_ALLOWED");
	});

	it("takes a trailing slash for none", async () => {
		assert.equal((await get("/v1/things/")).status, 200);
	});

	it("answers 400 to a path that is not well encoded", async () => {
		const answer = await get("/v1/things/%E0%A4%A");
		assertProblem(answer, "VALIDATION");
		assert.deepEqual(answer.body.errors, [{ pointer: "", detail: "The path is not well encoded" }], "errors in every VALIDATION");
	});

	it("shows what the domain chose to tell", async () => {
		const answer = await get("/v1/fails/refused");
		assertProblem(answer, "TRANSITION_REFUSED");
		const { detail, from, to, allowed } = answer.body;
		assert.deepEqual(
			{ detail, from, to, allowed },
			{ detail: "It was shipped", from: "shipped", to: "cancelled", allowed: ["deliver"] },
		);
	});

	it("hides what nobody foresaw, and logs it with the request's id", async () => {
		const answer = await get("/v1/fails/unexpected", { "x-request-id": "find-me-1" });
		assertProblem(answer, "INTERNAL");
		assert.doesNotMatch(answer.text, /secret|node-7/);
		const line = lines.find(([level, ...said]) => level === "error" && JSON.stringify(said).includes("find-me-1"));
		assert.match(String(line?.find((part) => part instanceof Error)), /cannot read properties of node-7/);
	});

	it("says UNAVAILABLE when nobody offers the action, or nobody answers in time", async () => {
		for (const path of ["/v1/gone", "/v1/fails/never"]) {
			const answer = await get(path);
			assertProblem(answer, "UNAVAILABLE");
			assert.equal(answer.headers.get("retry-after"), "1");
		}
	});

	it("rounds the domain's Retry-After up to whole seconds and keeps it out of the body", async () => {
		const answer = await get("/v1/fails/stock");
		assertProblem(answer, "UNAVAILABLE");
		assert.equal(answer.headers.get("retry-after"), "8");
		assert.equal("retryAfter" in answer.body, false);
	});

	describe("of authentication", () => {
		const challenge = (answer: HttpAnswer): string | null => answer.headers.get("www-authenticate");

		it("asks for a token where there is none", async () => {
			for (const authorization of ["", "Basic YTpi", "Bearer", "Bearer a b", "Bearer é"]) {
				const answer = await node.api.get("/v1/things", authorization ? { headers: { authorization } } : {});
				assertProblem(answer, "UNAUTHORIZED");
				assert.match(challenge(answer) ?? "", /^Bearer realm="souk"/);
			}
		});

		it("refuses a token that is not ours, and one that has expired", async () => {
			const wrong = await node.api.get("/v1/things", { token: `${token.slice(0, -4)}AAAA` });
			assertProblem(wrong, "UNAUTHORIZED");
			assert.match(challenge(wrong) ?? "", /error="invalid_token"/);
			const iat = Math.floor(Date.now() / 1000) - 1_000;
			const expired = await node.api.get("/v1/things", { token: await node.auth.sign({ iat, exp: iat + 900 }) });
			assertProblem(expired, "TOKEN_EXPIRED");
			assert.match(challenge(expired) ?? "", /error="invalid_token"/);
		});

		it("refuses who lacks the role, and lets in who has one of those named", async () => {
			assertProblem(await get("/v1/sellers"), "FORBIDDEN");
			assert.equal((await node.api.get("/v1/sellers", { token: await node.token("sam", "seller") })).status, 200);
			assert.equal((await node.api.get("/v1/sellers", { token: await node.token("ada", "buyer", "admin") })).status, 200);
		});

		it("looks at no token on public paths", async () => {
			const { status, body } = await node.api.get("/v1/public", { token: "nonsense" });
			assert.equal(status, 200);
			assert.equal(body.meta.user, undefined);
		});

		it("asks for a token before it looks at the body", async () => {
			assertProblem(await node.api.post("/v1/things", "not json", { headers: { "content-type": "text/plain" } }), "UNAUTHORIZED");
		});
	});

	it("answers what is not HTTP with a problem too", async () => {
		const { port } = new URL(node.api.url);
		const text = await new Promise<string>((resolve, reject) => {
			let got = "";
			const socket = connect(Number(port), "127.0.0.1", () => socket.write("GARBAGE\r\n\r\n"));
			socket.on("data", (data) => {
				got += data.toString();
			});
			socket.once("close", () => resolve(got));
			socket.once("error", reject);
		});
		assert.match(text, /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"VALIDATION"/);
	});

	it("explains each code on the page that its type names", async () => {
		for (const code of Object.keys(errorTable) as ErrorCode[]) {
			const { status, headers, text } = await node.api.get(problemType(code));
			assert.equal(status, 200, code);
			assert.match(headers.get("content-type") ?? "", /^text\/html/);
			assert.match(text, new RegExp(`<code>${code}</code>`));
		}
		assertProblem(await node.api.get("/problems/no-such-code"), "NOT_FOUND");
		assert.match((await node.api.get("/problems")).text, /href="\/problems\/version-conflict"/);
	});
});

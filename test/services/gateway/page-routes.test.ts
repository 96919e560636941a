import assert from "node:assert/strict";
import type { Context } from "moleculer";
import { DomainError } from "../../../contracts/errors.ts";
import { unsubscribeRoutes } from "../../../contracts/http/unsubscribe.ts";
import { openApi } from "../../../services/gateway/openapi.ts";
import type { Json } from "../../support/announced.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";

type Called = Context<{ token: string; rawBody?: string }>;

describe("routes that answer a page", () => {
	const nodes = new GatewayNodes();
	const path = "/v1/email/unsubscribe?token=good";
	let node: GatewayNode;
	before(async () => {
		const answer = ({ params: { token, rawBody } }: Called): string => {
			if (token !== "good") throw new DomainError("VALIDATION", "<b>No</b> & never");
			return `<p>${rawBody ?? "asked"}</p>`;
		};
		const email = { name: "email", actions: { showUnsubscribe: answer, unsubscribe: answer } };
		node = await nodes.start({ routes: unsubscribeRoutes, services: [email], unready: true });
	});
	after(nodes.stopAll);

	it("answer HTML under the policy of the route, and nobody keeps it", async () => {
		const { status, text, headers } = await node.api.get(path);
		assert.deepEqual([status, text], [200, "<p>asked</p>"]);
		assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
		assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none'; .*form-action 'self'/);
		assert.equal(headers.get("cache-control"), "no-store");
	});

	it("take a form as mail clients send it, and no other body; an empty one will do", async () => {
		const post = (type: string, body?: string) => node.api.post(path, body, { headers: { "content-type": type } });
		assert.equal(
			(await post("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click")).text,
			"<p>List-Unsubscribe=One-Click</p>",
		);
		assert.equal((await post("multipart/form-data; boundary=b", "--b--")).status, 200);
		assert.equal((await node.api.post(path)).status, 200);
		const refused = await post("text/plain", "List-Unsubscribe=One-Click");
		assert.deepEqual([refused.status, refused.body.code], [415, "UNSUPPORTED_MEDIA_TYPE"]);
	});

	it("refuse with a page where somebody looks at it, in which nothing becomes markup, and with a problem elsewhere", async () => {
		const bad = path.replace("good", "bad");
		const page = await node.api.get(bad, { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } });
		assert.deepEqual([page.status, page.headers.get("content-type")], [400, "text/html; charset=utf-8"]);
		assert.match(page.text, /&lt;b&gt;No&lt;\/b&gt; &amp; never/);
		assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
		const problem = await node.api.get(bad, { headers: { accept: "*/*" } });
		assert.deepEqual([problem.status, problem.headers.get("content-type")], [400, "application/problem+json"]);
		assert.deepEqual((await node.api.get("/v1/email/unsubscribe")).body.errors[0].pointer, "/token");
	});

	it("stand in the OpenAPI document as what they are", () => {
		const { paths } = openApi(unsubscribeRoutes, { title: "t", version: "1", description: "d" });
		const { get, post } = (paths as Json)["/v1/email/unsubscribe"];
		assert.deepEqual([get.security, post.security], [[], []]);
		assert.deepEqual(
			[Object.keys(get.responses[200].content), Object.keys(get.responses[400].content)],
			[["text/html"], ["application/problem+json", "text/html"]],
		);
		assert.deepEqual(Object.keys(post.requestBody.content), ["application/x-www-form-urlencoded", "multipart/form-data"]);
	});
});

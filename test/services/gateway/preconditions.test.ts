import assert from "node:assert/strict";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { shop, shopRoutes } from "../../support/shop.ts";

describe("versions of entities", () => {
	const nodes = new GatewayNodes();
	let node: GatewayNode;
	let token: string;
	before(async () => {
		node = await nodes.start({ routes: shopRoutes, services: [shop().schema] });
		token = await node.token("ana");
	});
	after(nodes.stopAll);

	const get = (headers = {}) => node.api.get("/v1/things/a", { token, headers });
	const put = (headers = {}) => node.api.put("/v1/things/a", {}, { token, headers });

	it("are the ETag of every answer that is one entity, the 201 too", async () => {
		assert.equal((await get()).headers.get("etag"), '"3"');
		const made = await node.api.post("/v1/things", { name: "Lamp" }, { token });
		assert.equal(made.headers.get("etag"), '"1"');
		assert.equal(made.headers.get("location"), `/v1/things/${made.body.id}`);
		assert.equal((await node.api.get("/v1/things", { token })).headers.get("etag"), null);
	});

	for (const header of ['"3"', 'W/"3"', '"1", "3"', "*", ' "3" ']) {
		it(`answer 304 without a body to If-None-Match: ${header}`, async () => {
			const { status, headers, text } = await get({ "if-none-match": header });
			assert.deepEqual([status, text, headers.get("etag")], [304, "", '"3"']);
			assert.equal(headers.get("content-type"), null);
		});
	}

	for (const header of ['"2"', "3", '"33"', "nonsense"]) {
		it(`answer 200 to If-None-Match: ${header}`, async () => {
			assert.equal((await get({ "if-none-match": header })).status, 200);
		});
	}

	for (const [header, versions] of [
		['"3"', [3]],
		['"1", "3"', [1, 3]],
		["*", "*"],
		['W/"3"', []],
		['"abc", "4", "007"', [4]],
	] as const) {
		it(`reach the action as ${JSON.stringify(versions)} for If-Match: ${header}`, async () => {
			assert.deepEqual((await put({ "if-match": header })).body.meta.ifMatch, versions);
		});
	}

	it("do not reach the action without If-Match", async () => {
		assert.equal("ifMatch" in (await put()).body.meta, false);
	});

	for (const header of ["3", '"3', '"3" "4"', '"3",', ""]) {
		it(`answer 400 to If-Match: ${header || "(empty)"}`, async () => {
			const { status, body } = await put({ "if-match": header });
			assert.deepEqual([status, body.code, body.errors[0].pointer], [400, "VALIDATION", "/If-Match"]);
		});
	}

	it("answer 412 to a GET whose If-Match names another version", async () => {
		assert.equal((await get({ "if-match": '"3"' })).status, 200);
		const { status, body } = await get({ "if-match": '"2"' });
		assert.deepEqual([status, body.code], [412, "VERSION_CONFLICT"]);
	});
});

import assert from "node:assert/strict";
import { errorTable } from "../../../contracts/errors.ts";
import { type Route, routes } from "../../../contracts/http/index.ts";
import { codesOf, openApi, templateOf } from "../../../services/gateway/openapi.ts";
import { assertAnnounced, at, type Json } from "../../support/announced.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { shop, shopRoutes } from "../../support/shop.ts";

const document = openApi(routes, { title: "Souk", version: "1", description: "" }) as Json;

const refsIn = (value: Json): string[] => {
	if (value === null || typeof value !== "object") return [];
	const own = typeof value.$ref === "string" ? [value.$ref] : [];
	return [...own, ...Object.values(value).flatMap(refsIn)];
};

const operationOf = (root: Json, { method, path }: Pick<Route, "method" | "path">): Json =>
	root.paths[templateOf(path)][method.toLowerCase()];

describe("the OpenAPI document", () => {
	it("is version 3.1 and has every route, and nothing else", () => {
		assert.match(document.openapi, /^3\.1\./);
		const written = Object.entries(document.paths).flatMap(([path, item]) =>
			Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
		);
		assert.deepEqual(written.sort(), routes.map(({ method, path }) => `${method} ${templateOf(path)}`).sort());
	});

	it("names each operation once", () => {
		const ids = routes.map((route) => operationOf(document, route).operationId);
		assert.equal(new Set(ids).size, ids.length);
	});

	it("refers to nothing that is not there, and keeps no $id inside", () => {
		for (const ref of refsIn(document)) assert.ok(at(document, ref), ref);
		assert.doesNotMatch(JSON.stringify(document), /"\$id"/);
		for (const name of ["Order", "Product", "Payment", "Money", "Problem", "Health", "Me"])
			assert.ok(document.components.schemas[name], name);
	});

	for (const route of routes) {
		describe(`${route.method} ${route.path}`, () => {
			const operation = operationOf(document, route);

			it("declares each parameter of its path, and those of its query", () => {
				const names = (place: string) =>
					operation.parameters.filter((one: Json) => one.in === place).map((one: Json) => one.name);
				assert.deepEqual(
					names("path"),
					[...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name),
				);
				assert.deepEqual(names("query"), Object.keys(route.query?.properties ?? {}));
				assert.ok(operation.parameters.filter((one: Json) => one.in === "path").every((one: Json) => one.required));
			});

			it("says who may call, what goes in and what comes out", () => {
				const ways = [...(route.auth === "public" ? [] : ["bearer"]), ...(route.scopes ? ["apiKey"] : [])];
				assert.deepEqual(operation.security.flatMap(Object.keys), ways);
				for (const way of ways) assert.ok(document.components.securitySchemes[way], way);
				assert.equal(operation.requestBody !== undefined, route.body !== undefined || route.raw === true);
				assert.equal(operation.responses[route.status].content !== undefined, route.answer !== null);
				const headers = operation.parameters.filter((one: Json) => one.$ref).map((one: Json) => at(document, one.$ref).name);
				assert.equal(headers.includes("Idempotency-Key"), route.idempotent === true);
				assert.equal(headers.includes("If-Match"), route.entity === true);
				assert.equal("ETag" in operation.responses[route.status].headers, route.entity === true);
			});

			it("says whether there is a better path, and which refusals come in words of its own", () => {
				assert.equal(operation.deprecated === true, route.deprecated === true);
				const own = Object.entries(operation.responses).filter(
					([status, answer]: [string, Json]) => Number(status) >= 400 && answer.content["application/json"],
				);
				assert.equal(own.length > 0, route.refused !== undefined);
				for (const [status] of own) assert.ok(["400", "403", "404", "409", "422"].includes(status), status);
			});

			it("has a problem answer for each code", () => {
				for (const code of codesOf(route)) {
					const answer = operation.responses[errorTable[code].status];
					const { allOf } = answer.content["application/problem+json"].schema;
					assert.ok(allOf[1].properties.code.enum.includes(code), code);
				}
			});
		});
	}
});

describe("the OpenAPI document of a running gateway", () => {
	const nodes = new GatewayNodes();
	let node: GatewayNode;
	let served: Json;
	let token: string;
	before(async () => {
		node = await nodes.start({ routes: shopRoutes, services: [shop().schema] });
		served = (await node.api.get("/openapi.json")).body;
		token = await node.token("ana");
	});
	after(nodes.stopAll);

	it("has exactly what is mounted, but for the pages", () => {
		const { aliases } = node.broker.getLocalService("gateway") as unknown as { aliases: { method: string; fullPath: string }[] };
		const mounted = aliases.map(({ method, fullPath }) => `${method} ${templateOf(fullPath)}`);
		const written = shopRoutes.map(({ method, path }) => `${method} ${templateOf(path)}`);
		const pages = [
			"/",
			"/api",
			"/app",
			"/app/assets/{file}",
			"/app/{a}",
			"/app/{a}/{b}",
			"/app/{a}/{b}/{c}",
			"/asyncapi.json",
			"/docs",
			"/docs/start.js",
			"/docs/swagger-ui-bundle.js",
			"/docs/swagger-ui.css",
			"/metrics",
			"/openapi.json",
		];
		const more = [...pages, "/problems", "/problems/{code}", "/v1/swagger/index.html"].map((path) => `GET ${path}`);
		const session = ["DELETE /app/session", "POST /app/session", "POST /app/session/refresh"];
		assert.deepEqual(mounted.sort(), [...written, ...more, ...session].sort());
	});

	const calls: [method: Route["method"], url: string, body?: unknown, headers?: Record<string, string>][] = [
		["GET", "/v1/things"],
		["GET", "/v1/things?limit=0"],
		["GET", "/v1/things/a"],
		["GET", "/v1/things/a", undefined, { "if-none-match": '"3"' }],
		["GET", "/v1/things/a", undefined, { "if-match": '"2"' }],
		["POST", "/v1/things", { name: "Lamp" }, { "idempotency-key": "k" }],
		["POST", "/v1/things", { name: "Rug" }, { "idempotency-key": "k" }],
		["POST", "/v1/things", {}],
		["POST", "/v1/things", "text", { "content-type": "text/plain" }],
		["DELETE", "/v1/things/a"],
		["GET", "/v1/sellers"],
		["GET", "/v1/fails/unexpected"],
		["GET", "/v1/fails/stock"],
		["GET", "/health/live"],
		["GET", "/health/ready"],
		["GET", "/v1/health"],
	];

	for (const [method, url, body, headers] of calls) {
		it(`tells the truth about ${method} ${url} ${headers ? JSON.stringify(headers) : ""}`, async () => {
			assertAnnounced(served, method, url, await node.api.request(method, url, body, { token, ...(headers ? { headers } : {}) }));
		});
	}

	it("is shown by Swagger UI from files of ours, at the paths that older clients know too", async () => {
		for (const path of ["/docs", "/api", "/v1/swagger/index.html"]) {
			const { status, headers, text } = await node.api.get(path);
			assert.equal(status, 200);
			assert.match(headers.get("content-security-policy") ?? "", /script-src 'self';/);
			assert.doesNotMatch(text, /<script>|<script(?![^>]*src)|\son\w+=|https?:/);
			for (const [, file] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
				const got = await node.api.get(file as string);
				assert.equal(got.status, 200, file);
				assert.ok(got.text.length > 50);
				assert.match(got.headers.get("content-type") ?? "", /javascript|css|json/);
			}
		}
	});

	it("lets browsers keep the files of Swagger UI", async () => {
		const { headers } = await node.api.get("/docs/swagger-ui.css");
		const again = await node.api.get("/docs/swagger-ui.css", { headers: { "if-none-match": headers.get("etag") ?? "" } });
		assert.deepEqual([again.status, again.text], [304, ""]);
	});
});

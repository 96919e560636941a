import assert from "node:assert/strict";
import Type from "typebox";
import type { Route } from "../../../contracts/http/index.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { madeUpKey, program } from "../../support/service-key.ts";
import { type Shop, shop, shopRoutes } from "../../support/shop.ts";

const Seen = Type.Object({ params: Type.Unknown(), meta: Type.Unknown() });

const base = { tag: "shop", action: "shop.special", summary: "Shows what reached it", status: 200, answer: Seen } as const;
const routes: readonly Route[] = [
	...shopRoutes,
	{ ...base, method: "GET", path: "/v1/import", auth: ["admin"], scopes: ["intake"] },
	{ ...base, method: "GET", path: "/v1/import/mine", auth: "user", scopes: ["intake"] },
	{
		...base,
		method: "POST",
		path: "/v1/import",
		action: "shop.make",
		auth: ["admin"],
		scopes: ["intake"],
		body: Type.Object({ name: Type.String() }),
		status: 201,
		answer: Type.Object({ id: Type.String(), name: Type.String() }),
		idempotent: true,
	},
];

describe("programs at the gateway", () => {
	const nodes = new GatewayNodes();
	let node: GatewayNode;
	let things: Shop;
	before(async () => {
		things = shop();
		node = await nodes.start({ routes, services: [things.schema] });
	});
	after(nodes.stopAll);

	const get = (path: string, key: string, token?: string) =>
		node.api.get(path, { headers: { "x-api-key": key }, ...(token === undefined ? {} : { token }) });
	const outcome = async (path: string, key: string, token?: string): Promise<string> => {
		const { status, body } = await get(path, key, token);
		return status === 200 ? "200" : `${status} ${body.code}`;
	};

	it("come in with a key that has the scope, and the action learns which program it is", async () => {
		const { key, caller } = program(node.auth);
		const { status, text, body } = await get("/v1/import", key);
		assert.equal(status, 200, text);
		assert.deepEqual(body.meta.service, caller);
		assert.equal(body.meta.user, undefined);
		assert.ok(!text.includes(key));
	});

	it("stand beside the people that the route lets in", async () => {
		const { key } = program(node.auth);
		assert.equal(await outcome("/v1/import/mine", key), "200");
		const admin = await node.api.get("/v1/import", { token: await node.token("ada", "admin") });
		assert.deepEqual([admin.status, admin.body.meta.user.id, admin.body.meta.service], [200, "ada", undefined]);
		const buyer = await node.api.get("/v1/import", { token: await node.token("ana") });
		assert.deepEqual([buyer.status, buyer.body.code], [403, "FORBIDDEN"]);
		assert.equal((await node.api.get("/v1/import")).status, 401);
	});

	it("are refused without the scope, and where no scope is named", async () => {
		assert.equal(await outcome("/v1/import", program(node.auth, ["other"]).key), "403 FORBIDDEN");
		assert.equal(await outcome("/v1/import", program(node.auth, []).key), "403 FORBIDDEN");
		const { key } = program(node.auth);
		for (const path of ["/v1/things", "/v1/sellers", "/v1/admin/dead-letters"])
			assert.equal(await outcome(path, key), "403 FORBIDDEN");
	});

	it("are not known by a key that is wrong, malformed, empty, or sent twice", async () => {
		const { key } = program(node.auth);
		for (const text of [madeUpKey(), "guess", "", `${key}, ${key}`]) {
			const { status, body, headers } = await get("/v1/import", text);
			assert.deepEqual([status, body.code], [401, "UNAUTHORIZED"], text);
			assert.match(headers.get("www-authenticate") ?? "", /^Bearer realm="souk"$/);
		}
		assert.equal(await outcome("/v1/things", madeUpKey()), "401 UNAUTHORIZED");
	});

	it("are out from the moment the gateway hears that the key was revoked", async () => {
		const { key, caller } = program(node.auth);
		assert.equal(await outcome("/v1/import", key), "200");
		await node.broker.broadcast("auth.key_revoked", { keyId: caller.keyId });
		assert.equal(await outcome("/v1/import", key), "401 UNAUTHORIZED");
	});

	it("that bring a person's token are that person, for better or worse", async () => {
		const { key } = program(node.auth);
		const { body } = await get("/v1/import", key, await node.token("ada", "admin"));
		assert.deepEqual([body.meta.user.id, body.meta.service], ["ada", undefined]);
		assert.equal(await outcome("/v1/import", key, await node.token("ana")), "403 FORBIDDEN");
		assert.equal(await outcome("/v1/import", key, "guess"), "401 UNAUTHORIZED");
	});

	it("need no key where nobody does, and a bad one does no harm there", async () => {
		assert.equal(await outcome("/v1/public", "guess"), "200");
	});

	it("cost auth one question for many requests", async () => {
		const { key } = program(node.auth);
		const before = node.auth.asked.verifyKey;
		for (let n = 0; n < 5; n++) await get("/v1/import", key);
		assert.equal(node.auth.asked.verifyKey, before + 1);
	});

	it("have Idempotency-Keys of their own, apart from other programs and from people", async () => {
		const headersOf = (key: string) => ({ "x-api-key": key, "idempotency-key": "import-1" });
		const send = (key: string) => node.api.post("/v1/import", { name: "Lamp" }, { headers: headersOf(key) });
		const [one, other] = [program(node.auth).key, program(node.auth).key];
		things.runs = 0;
		const first = await send(one);
		assert.equal(first.status, 201);
		const again = await send(one);
		assert.deepEqual([again.body.id, again.headers.get("idempotency-replayed")], [first.body.id, "true"]);
		assert.notEqual((await send(other)).body.id, first.body.id);
		const admin = await node.api.post(
			"/v1/import",
			{ name: "Lamp" },
			{ token: await node.token("ada", "admin"), headers: { "idempotency-key": "import-1" } },
		);
		assert.notEqual(admin.body.id, first.body.id);
		assert.equal(things.runs, 3);
	});

	it("hear 503 and not 401 while nobody can check keys", async () => {
		const { auth } = node;
		const { verifyKey: _verifyKey, ...actions } = auth.schema.actions as Record<string, never>;
		const alone = await nodes.start({
			routes,
			services: [shop().schema],
			auth: { ...auth, schema: { ...auth.schema, actions } },
		});
		const { status, body } = await alone.api.get("/v1/import", { headers: { "x-api-key": madeUpKey() } });
		assert.deepEqual([status, body.code], [503, "UNAVAILABLE"]);
	});
});

describe("rate limits of programs", () => {
	const nodes = new GatewayNodes();
	after(nodes.stopAll);
	const start = (count: number) =>
		nodes.start({
			routes,
			services: [shop().schema],
			profile: { rateLimits: { api: { count, seconds: 600 }, login: "off", posts: "off" } },
		});
	const status = async (node: GatewayNode, key: string): Promise<number> =>
		(await node.api.get("/v1/import", { headers: { "x-api-key": key } })).status;

	it("count each key apart", async () => {
		const node = await start(3);
		const [one, other] = [program(node.auth).key, program(node.auth).key];
		const all: number[] = [];
		for (const key of [one, one, one, one, other]) all.push(await status(node, key));
		assert.deepEqual(all, [200, 200, 200, 429, 200]);
	});

	it("count guesses against their address, and past it ask auth no more", async () => {
		const node = await start(2);
		const all: number[] = [];
		for (const key of [madeUpKey(), "guess", madeUpKey(), madeUpKey()]) all.push(await status(node, key));
		assert.deepEqual(all, [401, 401, 429, 429]);
		assert.equal(node.auth.asked.verifyKey, 1);
	});
});

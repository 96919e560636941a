import assert from "node:assert/strict";
import { type HttpAnswer, login } from "../support/http.ts";
import { signUp } from "../support/market.ts";
import { openSocket, untilGone } from "../support/socket-client.ts";
import { admin, type Souk, startSouk } from "../support/souk.ts";
import { until } from "../support/until.ts";
import { operators } from "./operators.suite.ts";

describe("Operators, everything in one process", () => {
	let souk: Souk;
	before(async () => {
		souk = await startSouk({ env: { TRUST_PROXY: "1" } });
	});
	after(() => souk?.stop());

	operators(() => ({ api: souk.api, urls: [souk.url] }));

	it("are told in the log of who may not do what they tried", async () => {
		const [ann, key] = await Promise.all([
			signUp(souk.api, "buyer"),
			souk.api.post("/v1/admin/keys", { name: "a till", scopes: ["intake"] }, { token: (await login(souk.api, admin.email, admin.password)).token }), // biome-ignore format: one line
		]);
		assert.equal((await souk.api.patch("/v1/admin/users/x", { roles: ["admin"] }, { token: ann.token })).status, 403);
		assert.equal((await souk.api.get("/v1/admin/audit", { headers: { "x-api-key": key.body.secret } })).status, 403);
		for (const what of [
			`user ${ann.id} may not PATCH /v1/admin/users/:id`,
			`service key ${key.body.id} may not GET /v1/admin/audit`,
		])
			await until(
				what,
				async () => souk.logs.slice(-20_000),
				(logs) => new RegExp(`"level":"info".*"message":"${what}, from 127\\.0\\.0\\.1".*"requestId":`).test(logs),
			);
		assert.ok(!souk.logs.includes(key.body.secret));
	});

	it("cannot take the only node off the rings", async () => {
		const say = { token: (await login(souk.api, admin.email, admin.password)).token };
		const [{ id }] = (await souk.api.get("/v1/admin/nodes", say)).body.items;
		const { status, body } = await souk.api.post(`/v1/admin/nodes/${id}/drain`, undefined, say);
		assert.deepEqual([status, body.code], [409, "TRANSITION_REFUSED"]);
		assert.equal((await souk.api.get("/v1/admin/ring", say)).body.rings.chat.length, 1);
	});

	it("see that a process stopped or died, once it is back", async () => {
		const [ann, bob] = await Promise.all([signUp(souk.api, "buyer"), signUp(souk.api, "buyer")]);
		const { streamId } = (await souk.api.post("/v1/conversations", { memberIds: [bob.id] }, { token: ann.token })).body;
		const { token } = await login(souk.api, admin.email, admin.password);
		const read = (): Promise<HttpAnswer> => souk.api.get(`/v1/admin/connections?user=${ann.id}`, { token });
		const why = async (): Promise<string[]> =>
			(await read()).body.items.map((row: { endedBy?: string }) => row.endedBy ?? "live");
		for (const [signal, expected] of [
			["SIGTERM", ["node stopped"]],
			["SIGKILL", ["node lost", "node stopped"]],
		] as const) {
			const gone = untilGone(await openSocket(souk.url, streamId, ann.token));
			await until("the connection to be seen", why, (seen) => seen[0] === "live");
			await souk.kill(signal);
			await gone;
			await souk.restart();
			assert.deepEqual(await until("its end to be seen", why, (seen) => !seen.includes("live")), expected);
		}
	}).timeout(60_000);
});

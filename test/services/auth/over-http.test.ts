import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import { type Souk, startSouk } from "../../support/souk.ts";

describe("accounts over HTTP", () => {
	let souk: Souk;
	before(async function () {
		this.timeout(60_000);
		souk = await startSouk();
	});
	after(() => souk?.stop());

	const password = "correct horse battery staple";

	it("answers a registration that is repeated with its key only to whoever knows the password", async () => {
		const body = { email: `${newId()}@example.com`, password, name: "Ana" };
		const headers = { "idempotency-key": newId() };
		const first = await souk.api.post("/v1/auth/register", body, { headers });
		assert.equal(first.status, 201, JSON.stringify(first.body));
		const again = await souk.api.post("/v1/auth/register", body, { headers });
		assert.equal(again.status, 201);
		assert.equal(again.headers.get("idempotency-replayed"), "true");
		assert.deepEqual(again.body, first.body);
		const stranger = await souk.api.post("/v1/auth/register", { ...body, password: "another good password" }, { headers });
		assert.equal(stranger.status, 422);
		assert.equal(stranger.body.code, "IDEMPOTENCY_KEY_REUSED");
		assert.ok(!JSON.stringify(stranger.body).includes(first.body.id));
	});

	it("keeps people logged in over a restart, and out who logged out before it", async () => {
		const { body: ana } = await souk.api.post("/v1/auth/register", { email: `${newId()}@example.com`, password, name: "Ana" });
		const login = async () => (await souk.api.post("/v1/auth/login", { email: ana.email, password })).body;
		const [here, gone] = [await login(), await login()];
		assert.equal((await souk.api.post("/v1/auth/logout", {}, { token: gone.accessToken })).status, 204);
		await souk.kill();
		await souk.restart();
		assert.equal((await souk.api.get("/v1/auth/me", { token: here.accessToken })).body.id, ana.id);
		assert.equal((await souk.api.get("/v1/auth/me", { token: gone.accessToken })).status, 401);
		const refreshed = await souk.api.post("/v1/auth/refresh", { refreshToken: here.refreshToken });
		assert.equal(refreshed.status, 200);
		assert.notEqual(refreshed.body.accessToken, here.accessToken);
		assert.equal((await souk.api.post("/v1/auth/refresh", { refreshToken: gone.refreshToken })).status, 401);
	});

	it("prints no password and no token into its log", async () => {
		const email = `${newId()}@example.com`;
		await souk.api.post("/v1/auth/register", { email, password, name: "Ana" });
		const { body } = await souk.api.post("/v1/auth/login", { email, password });
		await souk.api.post("/v1/auth/refresh", { refreshToken: body.refreshToken });
		await souk.api.post("/v1/auth/login", { email, password: "a wrong one entirely" });
		for (const secret of [password, "a wrong one entirely", body.accessToken, body.refreshToken, email]) {
			assert.ok(!souk.logs.includes(secret));
		}
	});
});

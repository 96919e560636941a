import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../../../contracts/ids.ts";
import { login } from "../../support/http.ts";
import { admin, type Souk, startSouk } from "../../support/souk.ts";

describe("service keys over HTTP", () => {
	let souk: Souk;
	let token: string;
	before(async function () {
		this.timeout(60_000);
		souk = await startSouk({ env: { LOG_LEVEL: "debug" } });
		({ token } = await login(souk.api, admin.email, admin.password));
	});
	after(() => souk?.stop());

	const path = "/v1/admin/keys";
	const body = { name: "Importer", scopes: ["intake"] };
	const create = (headers = {}) => souk.api.post(path, body, { token, headers });
	/** On a path for people alone: 403 says that the key is known, 401 that it is not. */
	const status = async (key: string) => (await souk.api.get("/v1/orders", { headers: { "x-api-key": key } })).status;

	it("are made, listed without their secret, used, and revoked", async () => {
		const made = await create();
		assert.equal(made.status, 201, made.text);
		const { id, secret, ...rest } = made.body;
		assert.deepEqual(rest, body);
		assert.equal(await status(secret), 403);
		const listed = await souk.api.get(path, { token });
		assert.equal(listed.body.items[0].id, id);
		assert.ok(Date.parse(listed.body.items[0].lastUsedAt) > 0);
		assert.ok(!listed.text.includes(secret.split(".")[1]));
		assert.equal((await souk.api.delete(`${path}/${id}`, { token })).status, 204);
		assert.equal(await status(secret), 401);
		assert.deepEqual((await souk.api.get(path, { token })).body.items, []);
		assert.equal((await souk.api.delete(`${path}/${id}`, { token })).status, 404);
	});

	it("are made once by a request that is repeated, and say so", async () => {
		const headers = { "idempotency-key": newId() };
		const first = await create(headers);
		const again = await create(headers);
		assert.deepEqual([again.status, again.body], [201, first.body]);
		assert.equal(again.headers.get("idempotency-replayed"), "true");
	});

	it("open nothing to programs that is meant for people, the keys least of all", async () => {
		const { secret } = (await create()).body;
		const headers = { "x-api-key": secret };
		for (const answer of [
			await souk.api.get(path, { headers }),
			await souk.api.post(path, body, { headers }),
			await souk.api.get("/v1/auth/me", { headers }),
			await souk.api.get("/v1/admin/users", { headers }),
		])
			assert.deepEqual([answer.status, answer.body.code], [403, "FORBIDDEN"]);
	});

	it("outlive a crash, and stay revoked after one", async () => {
		const [kept, gone] = [(await create()).body, (await create()).body];
		assert.equal((await souk.api.delete(`${path}/${gone.id}`, { token })).status, 204);
		await souk.kill();
		await souk.restart();
		assert.deepEqual([await status(kept.secret), await status(gone.secret)], [403, 401]);
	});

	it("stand in no log and in no file, not even when they are wrong", async () => {
		const { secret } = (await create()).body;
		const wrong = secret.replace(/.$/, "!");
		assert.deepEqual([await status(secret), await status(wrong)], [403, 401]);
		const names = await readdir(souk.dataDir, { recursive: true, withFileTypes: true });
		const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
		assert.ok(files.length > 0);
		const texts = [souk.logs, ...(await Promise.all(files.map((file) => readFile(file, "latin1"))))];
		const bare = secret.split(".")[1].slice(0, -1);
		for (const text of texts) assert.ok(!text.includes(bare));
	});
});

import assert from "node:assert/strict";
import type { HttpAnswer } from "../support/http.ts";
import { type Someone, signUp } from "../support/market.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { password as made } from "../support/web-visit.ts";

const cookieOf = ({ headers }: HttpAnswer): string => headers.get("set-cookie") ?? "";
/** As the browser sends it back. */
const pairOf = (answer: HttpAnswer): string => cookieOf(answer).split(";")[0] ?? "";

describe("The session of a browser", function () {
	this.timeout(60_000);
	let souk: Souk;
	let ana: Someone;
	before(async () => {
		souk = await startSouk();
		ana = await signUp(souk.api, "buyer");
	});
	after(() => souk?.stop());

	const begin = (headers: Record<string, string> = {}) =>
		souk.api.post("/app/session", { email: ana.email, password: made }, { headers });
	const refresh = (cookie: string, headers: Record<string, string> = {}) =>
		souk.api.post("/app/session/refresh", undefined, { headers: { cookie, ...headers } });
	const end = (cookie: string) => souk.api.request("DELETE", "/app/session", undefined, { headers: { cookie } });
	const me = (token: string) => souk.api.get("/v1/auth/me", { token });

	it("keeps its refresh token where no script gets at it and no other path is sent it", async () => {
		const answer = await begin();
		assert.equal(answer.status, 200);
		assert.deepEqual(Object.keys(answer.body).sort(), ["accessToken", "expiresIn", "user"]);
		assert.match(cookieOf(answer), /^souk-session=[^;]+; Max-Age=1209600; Path=\/app\/session; HttpOnly; SameSite=Strict$/);
		assert.equal((await me(answer.body.accessToken)).body.id, ana.id);
		assert.equal(answer.headers.get("cache-control"), "no-store");
	});

	it("is behind https alone where there is https", async () => {
		const secure = await startSouk({ env: { PUBLIC_URL: "https://souk.example" } });
		try {
			const { email } = await signUp(secure.api, "buyer");
			const answer = await secure.api.post("/app/session", { email, password: made });
			assert.match(cookieOf(answer), /^__Secure-souk-session=.*; Secure$/);
		} finally {
			await secure.stop();
		}
	});

	it("is renewed by the cookie, which is another one each time, and never says it in the body", async () => {
		const begun = await begin();
		const renewed = await refresh(pairOf(begun));
		assert.equal(renewed.status, 200);
		assert.deepEqual(Object.keys(renewed.body).sort(), ["accessToken", "expiresIn"]);
		assert.notEqual(pairOf(renewed), pairOf(begun));
		assert.equal((await me(renewed.body.accessToken)).status, 200);
	});

	it("gives two tabs that ask at once the same answer", async () => {
		const cookie = pairOf(await begin());
		const [one, other] = await Promise.all([refresh(cookie), refresh(cookie)]);
		assert.deepEqual([one.status, other.status], [200, 200]);
		assert.equal(pairOf(one), pairOf(other));
	});

	it("is nothing without a cookie, or with one that is made up or over: said without an error, and the cookie goes", async () => {
		for (const cookie of ["", "souk-session=made.up.token", "souk-session="]) {
			const answer = await refresh(cookie);
			assert.equal(answer.status, 204, cookie);
			assert.match(cookieOf(answer), /^souk-session=; Max-Age=0; Path=\/app\/session/);
		}
	});

	it("takes no token from the URL", async () => {
		const { refreshToken } = (await souk.api.post("/v1/auth/login", { email: ana.email, password: made })).body;
		assert.equal((await souk.api.post(`/app/session/refresh?refreshToken=${refreshToken}`)).status, 204);
	});

	it("is not for pages of other sites", async () => {
		const cookie = pairOf(await begin());
		for (const site of ["cross-site", "same-site", "none"]) {
			const headers = { "sec-fetch-site": site };
			assert.equal((await begin(headers)).status, 403);
			assert.equal((await refresh(cookie, headers)).status, 403);
		}
		assert.equal((await refresh(cookie, { "sec-fetch-site": "same-origin" })).status, 200);
	});

	it("ends with the log-out, for its access token too, whether or not that one is still good", async () => {
		const begun = await begin();
		const answer = await end(pairOf(begun));
		assert.equal(answer.status, 204);
		assert.match(cookieOf(answer), /Max-Age=0/);
		assert.equal((await me(begun.body.accessToken)).status, 401);
		assert.equal((await refresh(pairOf(begun))).status, 204);
		assert.equal((await end(pairOf(begun))).status, 204);
	});

	it("refuses a wrong password as everywhere", async () => {
		const answer = await souk.api.post("/app/session", { email: ana.email, password: "another one" });
		assert.equal(answer.status, 401);
		assert.equal(answer.body.code, "BAD_CREDENTIALS");
		assert.equal(answer.headers.get("set-cookie"), null);
	});
});

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { LiveSockets } from "../support/live-socket.ts";
import { signUp } from "../support/market.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { socketLimits } from "./sockets-limits.suite.ts";
import { socketPressure } from "./sockets-pressure.suite.ts";
import { listedOrigin, publicUrl, socketRefusals } from "./sockets-refusals.suite.ts";
import { socketTokens } from "./sockets-tokens.suite.ts";

describe("Sockets, everything in one process", function () {
	this.timeout(60_000);
	let souk: Souk;
	let clock: TestClock;
	before(async () => {
		clock = await testClock();
		souk = await startSouk({ env: { ...clock.env, CORS_ORIGINS: listedOrigin, PUBLIC_URL: publicUrl, SOCKETS_PER_USER: "200" } });
	});
	after(async () => {
		await souk?.stop();
		await clock?.remove();
	});

	describe("refuse", () => socketRefusals(() => souk.api));
	describe("bound", () =>
		socketLimits(
			() => souk.api,
			() => [Number(new URL(souk.url).port)],
		));
	describe("hold back", () =>
		socketPressure(
			() => souk.api,
			() => [souk.pid],
		));
	describe("end with what let them in", () =>
		socketTokens(
			() => souk.api,
			() => clock,
		));
});

describe("Refused tokens over sockets", () => {
	it("count against their address, together with those over HTTP, and keep nobody out who has a good one", async function () {
		this.timeout(60_000);
		const souk = await startSouk({ env: { RATE_LIMIT_API: "12/600" } });
		const sockets = new LiveSockets(() => souk.url);
		try {
			const [ann, bob] = await Promise.all([signUp(souk.api, "buyer"), signUp(souk.api, "seller")]);
			const opened = await souk.api.post("/v1/conversations", { memberIds: [bob.id] }, { token: ann.token });
			const stream: string = opened.body.streamId;
			const knock = () => sockets.dial({ stream, token: "made up" }).refusal();
			// The address has made four requests to register and log in.
			for (let count = 0; count < 8; count += 1) assert.equal(await knock(), "UNAUTHORIZED");
			assert.equal(await knock(), "RATE_LIMITED");
			assert.equal((await souk.api.get("/v1/auth/me", { token: "made up" })).status, 429);
			await sockets.dial({ stream, token: ann.token }).ready();
		} finally {
			sockets.closeAll();
			await souk.stop();
		}
	});
});

describe("Posts over sockets", () => {
	it("count for RATE_LIMIT_POSTS together with those over HTTP", async function () {
		this.timeout(60_000);
		const souk = await startSouk({ env: { RATE_LIMIT_POSTS: "5/60" } });
		const sockets = new LiveSockets(() => souk.url);
		try {
			const [ann, bob] = await Promise.all([signUp(souk.api, "buyer"), signUp(souk.api, "seller")]);
			const opened = await souk.api.post("/v1/conversations", { memberIds: [bob.id] }, { token: ann.token });
			const stream: string = opened.body.streamId;
			const [mine, his] = await Promise.all([ann, bob].map(({ token }) => sockets.dial({ stream, token }).ready()));
			const path = `/v1/conversations/${stream}/messages`;
			for (const text of ["1", "2"]) assert.equal((await souk.api.post(path, { text }, { token: ann.token })).status, 201);
			const post = () => mine?.ask("post", { id: randomUUID(), text: "more" });
			for (let i = 0; i < 3; i += 1) assert.equal((await post())?.ok, true);
			const refusal = await post();
			assert.ok(refusal && !refusal.ok);
			assert.equal(refusal.problem.code, "RATE_LIMITED");
			assert.ok((refusal.problem.retryAfter ?? 0) > 0);
			assert.equal((await souk.api.post(path, { text: "6" }, { token: ann.token })).status, 429);
			assert.equal(await mine?.refusalOf("read", { seq: 1 }), null);
			assert.equal(await his?.refusalOf("post", { id: "his", text: "mine" }), null);
		} finally {
			sockets.closeAll();
			await souk.stop();
		}
	});
});

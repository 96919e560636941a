import assert from "node:assert/strict";
import type { HttpClient } from "../support/http.ts";
import { LiveSockets } from "../support/live-socket.ts";
import { type Someone, signUp } from "../support/market.ts";
import { admin } from "../support/settings.ts";
import { until } from "../support/until.ts";

interface Mailed {
	type: string;
	userId: string;
	token: string;
	expiresAt: string;
}

const password = "correct horse battery staple";
const next = "another passphrase of the tests";

/**
 * Run by event-shapes.test.ts and event-shapes.cluster.test.ts: what mails are for. `logs` of a node that prints the links that a mail
 * would have; `nodes`: what all others printed.
 */
export const accountLinks = (api: () => HttpClient, logs: () => string, nodes: () => string): void => {
	const sockets = new LiveSockets(() => api().url);
	after(() => sockets.closeAll());

	const mailed = async ({ id }: Someone, type: string): Promise<Mailed[]> => {
		const all = [...logs().matchAll(/^link (\{.*\})$/gm)].map(([, text = ""]) => JSON.parse(text) as Mailed);
		return all.filter((one) => one.userId === id && one.type === type);
	};
	const mailOf = async (who: Someone, type: string): Promise<Mailed> => {
		const [mail] = await until(`the link of ${type}`, () => mailed(who, type), ({ length }) => length > 0); // biome-ignore format: one line
		assert.ok(mail);
		return mail;
	};
	const forget = (email: string) => api().post("/v1/auth/password-reset", { email });
	const confirm = (token: string, word = next, headers = {}) =>
		api().post("/v1/auth/password-reset/confirm", { token, password: word }, { headers });
	const me = async ({ token }: Someone) => (await api().get("/v1/auth/me", { token })).body;
	const logIn = async (email: string, word: string) => (await api().post("/v1/auth/login", { email, password: word })).status;

	it("a forgotten password is set by the link of a mail, once, and every session and live socket is over", async () => {
		const [ana, ben] = await Promise.all([signUp(api(), "buyer"), signUp(api(), "seller")]);
		const opened = await api().post("/v1/conversations", { memberIds: [ben.id] }, { token: ana.token });
		const socket = await sockets.dial({ stream: opened.body.streamId, token: ana.token }).ready();
		assert.deepEqual([(await forget(ana.email)).status, (await forget(ana.email)).status], [202, 202]);
		const { token, expiresAt } = await mailOf(ana, "user.password_reset_requested");
		assert.ok(Date.parse(expiresAt) > Date.now());

		const bad = await confirm(token, "password123");
		assert.deepEqual([bad.status, bad.body.code, bad.body.errors[0].pointer], [400, "VALIDATION", "/password"]);
		const headers = { "idempotency-key": token.slice(0, 20) };
		const set = await confirm(token, next, headers);
		assert.deepEqual([set.status, set.text], [204, ""]);
		const again = await confirm(token, next, headers);
		assert.deepEqual([again.status, again.headers.get("idempotency-replayed")], [204, "true"]);
		const used = await confirm(token);
		assert.deepEqual([used.status, used.body.code], [401, "UNAUTHORIZED"]);

		assert.deepEqual([await logIn(ana.email, password), await logIn(ana.email, next)], [401, 200]);
		await socket.ended();
		assert.equal(socket.problems.at(-1)?.code, "UNAUTHORIZED");
		await until("the access token to be over", () => api().get("/v1/auth/me", { token: ana.token }), ({ status }) => status === 401); // biome-ignore format: one line
		assert.equal((await mailed(ana, "user.password_reset_requested")).length, 1);
	});

	it("an address is verified by the link of the welcome mail, and a second time changes nothing", async () => {
		const ana = await signUp(api(), "buyer");
		const { token } = await mailOf(ana, "user.registered");
		assert.equal((await me(ana)).emailVerified, false);
		const verify = (text = token) => api().post("/v1/auth/verify-email", { token: text });
		const wrong = await verify(`${token.slice(0, -1)}_`);
		assert.deepEqual([wrong.status, wrong.body.code], [401, "UNAUTHORIZED"]);
		assert.equal((await confirm(token)).status, 401, "a link is good for one thing");
		for (const _time of [1, 2]) {
			const answer = await verify();
			assert.deepEqual([answer.status, answer.text], [204, ""]);
		}
		assert.equal((await me(ana)).emailVerified, true);
		assert.equal((await api().post("/v1/auth/verify-email/request", undefined, { token: ana.token })).status, 202);
	});

	it("nobody is told whether an address is known, by whatever was asked", async () => {
		const ana = await signUp(api(), "buyer");
		const answers = await Promise.all([ana.email, "nobody@example.com", admin.email].map(forget));
		for (const { status, text, headers } of answers) {
			assert.deepEqual([status, text, headers.get("idempotency-replayed")], [202, "", null]);
		}
		for (const email of ["", "no address", `${"a".repeat(255)}@example.com`]) {
			assert.equal((await forget(email)).body.errors[0].pointer, "/email");
		}
	});

	it("a link stops with its account", async () => {
		const ana = await signUp(api(), "buyer");
		await forget(ana.email);
		const tokens = [await mailOf(ana, "user.password_reset_requested"), await mailOf(ana, "user.registered")];
		assert.equal((await api().delete("/v1/auth/me", { token: ana.token })).status, 204);
		assert.equal((await confirm(tokens[0]?.token ?? "")).status, 401);
		assert.equal((await api().post("/v1/auth/verify-email", { token: tokens[1]?.token })).status, 401);
	});

	it("no token, password or address of all this is in any log", async () => {
		const printed = logs().replace(/^(?:event|link) .*$/gm, "") + nodes();
		const tokens = [...logs().matchAll(/"token":"[^"]*\.([^".]+)"/g)].map(([, mac = ""]) => mac);
		assert.ok(tokens.length >= 4);
		for (const secret of [...tokens, password, next]) assert.ok(!printed.includes(secret));
		assert.doesNotMatch(printed, /(?:buyer|seller)-[0-9a-f]{12}@example\.com/);
	});
};

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { HttpClient } from "../support/http.ts";
import { login } from "../support/http.ts";
import { type LiveSocket, LiveSockets } from "../support/live-socket.ts";
import { type Someone, signInAgain, signUp } from "../support/market.ts";
import { admin } from "../support/settings.ts";
import type { TestClock } from "../support/test-clock.ts";
import { until } from "../support/until.ts";

const password = "correct horse battery staple";

/** What becomes of a live socket when its token, its session or its membership ends. Tokens live for 15 minutes here. */
export const socketTokens = (api: () => HttpClient, clock: () => TestClock): void => {
	let [ann, bob, eve]: [Someone, Someone, Someone] = [] as never;
	let group: string;
	const sockets = new LiveSockets(() => api().url);
	const join = (who: Someone, stream = group): Promise<LiveSocket> => sockets.dial({ stream, token: who.token }).ready();
	const by = ({ token }: Someone) => ({ token });
	const say = (socket: LiveSocket, text: string = randomUUID()) => socket.ask("post", { id: text, text });
	const problemOf = async (socket: LiveSocket): Promise<string | undefined> => {
		await socket.ended();
		assert.equal(socket.told.at(-1), "problem");
		return socket.problems.at(-1)?.code;
	};
	const ttl = 900_000;

	beforeEach(async () => {
		[ann, bob, eve] = await Promise.all([signUp(api(), "buyer"), signUp(api(), "seller"), signUp(api(), "buyer")]);
		group = (await api().post("/v1/conversations", { memberIds: [bob.id, eve.id], title: "Lunch" }, by(ann))).body.streamId;
	});
	afterEach(() => sockets.closeAll());

	it("a token is exchanged on a live socket, for one of the same user alone", async () => {
		const socket = await join(ann);
		assert.equal(await socket.refusalOf("refresh", { token: eve.token }), "UNAUTHORIZED");
		assert.equal(await socket.refusalOf("refresh", { token: "garbage" }), "UNAUTHORIZED");
		assert.equal(await socket.refusalOf("refresh", { token: `${eve.token}x` }), "UNAUTHORIZED");
		// Nothing of that has changed who it is.
		const posted = await say(socket, "mine");
		assert.ok(posted.ok);
		const { items } = (await api().get(`/v1/conversations/${group}/messages`, by(bob))).body;
		assert.equal(items.at(-1).from, ann.id);
		await signInAgain(api(), ann);
		const answer = await socket.ask("refresh", { token: ann.token });
		assert.ok(answer.ok && typeof answer.expiresIn === "number" && answer.expiresIn > 800 && answer.expiresIn <= 900);
	});

	it("a token that expires may be exchanged for 30 seconds; then its socket is told so and ended", async () => {
		const [late, fresh] = [await join(ann), await join(bob)];
		const expired = ann.token;
		await clock().advance(ttl + 5_000);
		await until("the token to have expired", () => sockets.dial({ stream: group, token: expired }).refusal().catch(() => "in"), (code) => code === "TOKEN_EXPIRED"); // biome-ignore format: one line
		assert.equal(await late.refusalOf("refresh", { token: expired }), "TOKEN_EXPIRED");
		assert.ok((await say(late)).ok);
		await signInAgain(api(), bob);
		assert.equal(await fresh.refusalOf("refresh", { token: bob.token }), null);
		await clock().advance(26_000);
		assert.equal(await problemOf(late), "TOKEN_EXPIRED");
		assert.equal(late.problems.length, 1);
		assert.equal(await fresh.refusalOf("post", { id: "still", text: "here" }), null);
	});

	const ends: [name: string, end: (who: Someone) => Promise<{ status: number; text: string }>][] = [
		["logs out", (who) => api().post("/v1/auth/logout", undefined, by(who))],
		[
			"ends this session from another device",
			async (who) => {
				const { items } = (await api().get("/v1/auth/sessions", by(who))).body;
				await signInAgain(api(), who);
				return api().delete(`/v1/auth/sessions/${items[0].id}`, by(who));
			},
		],
		["deletes the account", (who) => api().delete("/v1/auth/me", by(who))],
		[
			"is suspended",
			async (who) => api().patch(`/v1/admin/users/${who.id}`, { suspended: true }, { token: (await login(api(), admin.email, admin.password)).token }), // biome-ignore format: one line
		],
	];
	for (const [name, end] of ends) {
		it(`whoever ${name} is out at once, on every socket, and others stay`, async () => {
			const [one, two, other] = [await join(eve), await join(eve), await join(bob)];
			const { token } = eve;
			const answer = await end(eve);
			assert.ok(answer.status < 300, answer.text);
			const codes = await Promise.all([problemOf(one), problemOf(two)]);
			for (const code of codes)
				assert.ok(code === "UNAUTHORIZED" || (code === "NOT_FOUND" && name === "deletes the account"), code);
			assert.ok(["UNAUTHORIZED", "NOT_FOUND"].includes((await sockets.dial({ stream: group, token }).refusal()) ?? ""));
			assert.ok((await say(other)).ok);
		});
	}

	it("a new password ends the sockets of all other sessions", async () => {
		const old = await join(eve);
		await signInAgain(api(), eve);
		const own = await join(eve);
		const changed = await api().put("/v1/auth/password", { current: password, next: `${password} two` }, by(eve));
		assert.ok(changed.status < 300, changed.text);
		assert.equal(await problemOf(old), "UNAUTHORIZED");
		assert.ok((await say(own)).ok);
	});

	it("whoever is removed hears of it, and of nothing after it; whoever comes back follows again", async () => {
		const [out, stays] = [await join(eve), await join(bob)];
		assert.ok((await say(stays, "before")).ok);
		assert.equal((await api().delete(`/v1/conversations/${group}/members/${eve.id}`, by(ann))).status, 204);
		for (const text of ["after", "later"]) assert.ok((await say(stays, text)).ok);
		assert.equal(await problemOf(out), "NOT_FOUND");
		assert.deepEqual(out.entries.map(({ type }) => type), ["message.posted", "member.left"]); // biome-ignore format: one line
		assert.equal(await sockets.dial({ stream: group, token: eve.token }).refusal(), "NOT_FOUND");
		assert.equal((await api().post(`/v1/conversations/${group}/members`, { userId: eve.id }, by(bob))).status, 200);
		const back = await sockets.dial({ stream: group, token: eve.token, auth: { after: 2 } }).ready();
		assert.ok((await say(back, "hello")).ok);
		await until("all that was missed", async () => back.entries.map(({ seq }) => seq).join(), (seqs) => seqs === "3,4,5,6"); // biome-ignore format: one line
	});

	it("whoever is removed while the database is asked who is a member is out all the same", async () => {
		const stays = await join(bob);
		for (let round = 0; round < 5; round += 1) {
			const joining = Array.from({ length: 5 }, () => sockets.dial({ stream: group, token: eve.token }));
			const removed = api().delete(`/v1/conversations/${group}/members/${eve.id}`, by(ann));
			await Promise.all(joining.map((socket) => socket.greeting().catch(() => null)));
			assert.equal((await removed).status, 204);
			const text = `after-${round}`;
			assert.ok((await say(stays, text)).ok);
			await Promise.all(joining.map((socket) => socket.ended()));
			for (const { entries } of joining) assert.ok(!JSON.stringify(entries).includes(text));
			assert.equal((await api().post(`/v1/conversations/${group}/members`, { userId: eve.id }, by(ann))).status, 200);
		}
	});

	it("a block ends what is written, not what is followed", async () => {
		const pair: string = (await api().post("/v1/conversations", { memberIds: [bob.id] }, by(ann))).body.streamId;
		const [mine, his] = [await join(ann, pair), await join(bob, pair)];
		assert.ok((await say(his, "hi")).ok);
		assert.equal((await api().put(`/v1/blocks/${bob.id}`, undefined, by(ann))).status, 204);
		assert.deepEqual([await his.refusalOf("post", { id: "no", text: "no" }), await mine.refusalOf("post", { id: "no", text: "no" })], ["FORBIDDEN", "FORBIDDEN"]); // biome-ignore format: one line
		assert.equal(await his.refusalOf("amend", { id: "e", target: "hi", text: "edited" }), "FORBIDDEN");
		assert.equal(await his.refusalOf("amend", { id: "d", target: "hi", text: null }), null);
		assert.equal((await api().delete(`/v1/blocks/${bob.id}`, by(ann))).status, 204);
		assert.ok((await say(his, "again")).ok);
		await until("both messages", async () => mine.entries.length, (count) => count === 3); // biome-ignore format: one line
	});
};

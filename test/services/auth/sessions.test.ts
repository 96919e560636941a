import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { newId } from "../../../contracts/ids.ts";
import { WriteUncertain } from "../../../mixins/store/errors.ts";
import { type AuthNode, type LoggedInUser, password, payloadOf, startAuthNode } from "../../support/auth-node.ts";
import { bothStores } from "../../support/both-stores.ts";
import { movingClock } from "../../support/moving-clock.ts";
import { refused } from "../../support/refused.ts";

const second = 1_000;
const day = 86_400 * second;

bothStores("sessions", (profile) => {
	let node: AuthNode;
	before(async () => {
		node = await startAuthNode(profile());
	});
	after(() => node?.stop());
	const { pass } = movingClock();
	const stopClock = (): void => {
		const now = clock.now();
		clock.now = () => now;
	};
	const refresh = (refreshToken: string): Promise<LoggedInUser> => node.call("refresh", { refreshToken });
	const hasEnded = ({ from }: LoggedInUser): boolean =>
		node.heard.ended.some(({ sessionId }) => sessionId === from.user.sessionId);
	const listOf = async ({ from }: LoggedInUser) =>
		(await node.call<{ items: { id: string; current: boolean; agent: string; address: string }[] }>("sessions", {}, from)).items;

	describe("log-in", () => {
		it("answers tokens where old and new clients look for them", async () => {
			const { email } = await node.register({ name: "Ana", role: "seller" });
			const answer = await node.call<Record<string, unknown>>("login", { email, password });
			assert.equal(answer.status, "success");
			assert.deepEqual(answer.data, { token: answer.accessToken });
			assert.equal(answer.expiresIn, 900);
			const claims = payloadOf(String(answer.accessToken));
			assert.equal(claims.iss, "souk");
			assert.equal(claims.aud, "souk");
			assert.deepEqual(claims.roles, ["seller"]);
			assert.equal(claims.exp - claims.iat, 900);
			assert.deepEqual(Object.keys(claims).sort(), ["aud", "exp", "iat", "iss", "jti", "roles", "sid", "sub"]);
		});

		it("says the same of a wrong password and of an unknown address", async () => {
			const { email } = await node.register();
			const wrong = await refused(node.login(email, { password: "another good password" }), "BAD_CREDENTIALS");
			const unknown = await refused(node.login(`${newId()}@example.com`), "BAD_CREDENTIALS");
			assert.equal(wrong.message, unknown.message);
			assert.deepEqual(wrong.extras, unknown.extras);
		});

		it("works as hard for an unknown address as for a wrong password", async () => {
			const { email } = await node.register();
			const { hasher } = node.service;
			let verified = 0;
			const { verify, verifyNobody } = hasher;
			hasher.verify = (...args) => {
				verified++;
				return verify.apply(hasher, args);
			};
			hasher.verifyNobody = (...args) => {
				verified++;
				return verifyNobody.apply(hasher, args);
			};
			try {
				await refused(node.login(email, { password: "another good password" }), "BAD_CREDENTIALS");
				assert.equal(verified, 1);
				await refused(node.login(`${newId()}@example.com`), "BAD_CREDENTIALS");
				assert.equal(verified, 2);
			} finally {
				Object.assign(hasher, { verify, verifyNobody });
			}
		});

		it("takes the password exactly as it was typed", async () => {
			const typed = " Pa\u0301ss wörd ";
			const { email } = await node.register({ password: typed });
			await node.login(email, { password: typed });
			for (const other of [typed.trim(), typed.toLowerCase(), typed.normalize("NFC")]) {
				await refused(node.login(email, { password: other }), "BAD_CREDENTIALS");
			}
		});

		it("hashes a password anew that was hashed with weaker parameters", async () => {
			const { id, email } = await node.register();
			const weak = "$argon2id$v=19$m=4096,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$";
			const { hash } = await import("@node-rs/argon2");
			const old = await hash(password, { memoryCost: 4096, timeCost: 1, parallelism: 1 });
			assert.ok(old.startsWith(weak.slice(0, 27)));
			await node.service.store.users.update({ _id: id }, { $set: { passwordHash: old } });
			await node.login(email);
			const stored = await node.service.store.users.findById(id);
			assert.match(stored?.passwordHash ?? "", /m=19456,t=2,p=1/);
			await node.login(email);
		});

		it("ends the oldest session when somebody has more than a hundred", async () => {
			const first = await node.somebody();
			const { hasher } = node.service;
			const { verify } = hasher;
			hasher.verify = async () => true; // a hundred times 60 ms
			try {
				for (let count = 0; count < 100; count++) {
					pass(1);
					await node.login(first.email);
				}
			} finally {
				hasher.verify = verify;
			}
			assert.ok(hasEnded(first));
			await refused(refresh(first.refreshToken), "UNAUTHORIZED");
		});
	});

	describe("refreshing", () => {
		it("gives new tokens of the same session", async () => {
			const ana = await node.somebody();
			const next = await refresh(ana.refreshToken);
			assert.notEqual(next.refreshToken, ana.refreshToken);
			assert.notEqual(next.accessToken, ana.accessToken);
			assert.ok(next.expiresIn === 900 || next.expiresIn === 899, String(next.expiresIn)); // a second may begin in between
			assert.equal(payloadOf(next.accessToken).sid, ana.from.user.sessionId);
			await refresh(next.refreshToken);
		});

		it("repeats an answer that was lost, for ten seconds, to the letter", async () => {
			const ana = await node.somebody();
			stopClock();
			const first = await refresh(ana.refreshToken);
			assert.deepEqual(await refresh(ana.refreshToken), first);
			pass(10 * second);
			const repeated = await refresh(ana.refreshToken);
			assert.equal(repeated.refreshToken, first.refreshToken);
			assert.equal(repeated.accessToken, first.accessToken);
			assert.equal(repeated.expiresIn, first.expiresIn - 10);
		});

		it("can be asked again when the database's answer was lost, whether it had written or not", async () => {
			const ana = await node.somebody();
			const { sessions } = node.service.store;
			const { update } = sessions;
			for (const writes of [false, true]) {
				sessions.update = async (...args) => {
					if (writes) await update.apply(sessions, args);
					throw new WriteUncertain("the answer was lost");
				};
				try {
					await refused(refresh(ana.refreshToken), "UNAVAILABLE");
				} finally {
					sessions.update = update;
				}
			}
			const next = await refresh(ana.refreshToken);
			assert.match(next.refreshToken, /\.2\./);
			await refresh(next.refreshToken);
		});

		it("gives many who refresh at once with the same token the same answer", async () => {
			const ana = await node.somebody();
			const answers = await Promise.all(Array.from({ length: 12 }, () => refresh(ana.refreshToken)));
			assert.equal(new Set(answers.map(({ refreshToken }) => refreshToken)).size, 1);
			assert.equal(new Set(answers.map(({ accessToken }) => accessToken)).size, 1);
			await refresh(answers[0]?.refreshToken ?? "");
		});

		it("ends the whole family when a token comes again after more than ten seconds", async () => {
			const ana = await node.somebody();
			const next = await refresh(ana.refreshToken);
			pass(10 * second + 1);
			await refused(refresh(ana.refreshToken), "UNAUTHORIZED");
			assert.ok(hasEnded(ana));
			await refused(refresh(next.refreshToken), "UNAUTHORIZED");
		});

		it("ends the family at once for a token that is older than the one before", async () => {
			const ana = await node.somebody();
			const second = await refresh(ana.refreshToken);
			const third = await refresh(second.refreshToken);
			await refused(refresh(ana.refreshToken), "UNAUTHORIZED");
			await refused(refresh(third.refreshToken), "UNAUTHORIZED");
		});

		it("leaves the other sessions of that person alone", async () => {
			const ana = await node.somebody();
			const phone = await node.login(ana.email);
			await refresh(ana.refreshToken);
			pass(11 * second);
			await refused(refresh(ana.refreshToken), "UNAUTHORIZED");
			await refresh(phone.refreshToken);
		});

		it("refuses tokens that were made up or changed", async () => {
			const ana = await node.somebody();
			const [sessionId, generation, mac = ""] = ana.refreshToken.split(".");
			const flipped = mac.startsWith("A") ? `B${mac.slice(1)}` : `A${mac.slice(1)}`;
			const madeUp = ["x", "..", `${sessionId}.${generation}`, `${sessionId}.2.${mac}`, `${sessionId}.${generation}.${flipped}`];
			for (const token of [...madeUp, `${newId()}.${generation}.${mac}`, `${ana.refreshToken}A`, ana.accessToken]) {
				await refused(refresh(token.slice(0, 512)), "UNAUTHORIZED");
			}
			assert.ok(!hasEnded(ana), "a stranger must not be able to end a session by guessing");
			await refresh(ana.refreshToken);
		});

		it("keeps nothing that a token could be made from", async () => {
			const ana = await node.somebody();
			const stored = JSON.stringify(await node.service.store.sessions.findById(ana.from.user.sessionId));
			assert.ok(!stored.includes(ana.refreshToken.split(".")[2] ?? "?"));
		});

		it("ends after two weeks without a refresh, and after thirty days in any case", async () => {
			const idle = await node.somebody();
			let busy: { refreshToken: string } = await node.login(idle.email);
			for (const days of [10, 10, 9]) {
				pass(days * day);
				busy = await refresh(busy.refreshToken);
			}
			await refused(refresh(idle.refreshToken), "UNAUTHORIZED");
			pass(1 * day);
			await refused(refresh(busy.refreshToken), "UNAUTHORIZED");
		});
	});

	describe("ending", () => {
		it("logs out of this session, which every node hears", async () => {
			const ana = await node.somebody();
			const phone = await node.login(ana.email);
			await node.call("logout", {}, ana.from);
			assert.ok(hasEnded(ana));
			assert.ok(!hasEnded(phone));
			await refused(refresh(ana.refreshToken), "UNAUTHORIZED");
			await refresh(phone.refreshToken);
			await node.call("logout", {}, ana.from);
		});

		it("logs out of the session of a refresh token too, if it is one's own", async () => {
			const ana = await node.somebody();
			const phone = await node.login(ana.email);
			const ben = await node.somebody();
			await node.call("logout", { refreshToken: ben.refreshToken }, ana.from);
			assert.ok(!hasEnded(ben));
			const again = await node.login(ana.email);
			await node.call("logout", { refreshToken: phone.refreshToken }, again.from);
			assert.ok(hasEnded(phone));
		});

		it("lists one's live sessions, newest first, and says which one is asking", async () => {
			const ana = await node.somebody();
			pass(1 * second);
			const phone = await node.login(ana.email, { agent: "Phone/1.0", address: "192.0.2.7" });
			pass(1 * second);
			const gone = await node.login(ana.email);
			await node.call("logout", {}, gone.from);
			const items = await listOf(ana);
			assert.deepEqual(
				items.map(({ id, current }) => ({ id, current })),
				[
					{ id: phone.from.user.sessionId, current: false },
					{ id: ana.from.user.sessionId, current: true },
				],
			);
			assert.equal(items[0]?.agent, "Phone/1.0");
			assert.equal(items[0]?.address, "192.0.2.7");
		});

		it("ends one of one's own sessions, and knows nothing of those of others", async () => {
			const ana = await node.somebody();
			const phone = await node.login(ana.email);
			const ben = await node.somebody();
			await refused(node.call("endSession", { id: ben.from.user.sessionId }, ana.from), "NOT_FOUND");
			await node.call("endSession", { id: phone.from.user.sessionId }, ana.from);
			assert.ok(hasEnded(phone));
			assert.ok(!hasEnded(ben));
			await refused(node.call("endSession", { id: phone.from.user.sessionId }, ana.from), "NOT_FOUND");
		});

		it("tells nodes that come later which sessions ended, as long as a token of theirs may be valid", async () => {
			const ana = await node.somebody();
			const { accessToken } = await refresh(ana.refreshToken);
			await node.call("logout", {}, ana.from);
			const ended = async (since?: number) => {
				const params = since === undefined ? {} : { since };
				const { items } = await node.call<{ items: { sessionId: string; until: number }[] }>("endedSessions", params);
				return items.find(({ sessionId }) => sessionId === ana.from.user.sessionId);
			};
			assert.equal((await ended())?.until, payloadOf(accessToken).exp * 1000);
			assert.ok(await ended(clock.now() - 60 * second));
			assert.equal(await ended(clock.now() + 60 * second), undefined);
			pass(901 * second);
			assert.equal(await ended(), undefined);
		});

		it("forgets sessions that are long over, and no others", async () => {
			const ana = await node.somebody();
			const ben = await node.somebody();
			await node.call("logout", {}, ana.from);
			pass(3 * 3_600 * second);
			await node.service.retainNow();
			assert.equal(await node.service.store.sessions.findById(ana.from.user.sessionId), null);
			assert.ok(await node.service.store.sessions.findById(ben.from.user.sessionId));
			pass(31 * day);
			await node.service.retainNow();
			assert.equal(await node.service.store.sessions.findById(ben.from.user.sessionId), null);
		});
	});
});

import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { newId } from "../../../contracts/ids.ts";
import type { Link } from "../../../services/auth/links.adapter.ts";
import { ResetDesk } from "../../../services/auth/reset-desk.adapter.ts";
import type { User } from "../../../services/auth/user.ts";
import { type AuthNode, type LoggedInUser, password, startAuthNode } from "../../support/auth-node.ts";
import { bothStores } from "../../support/both-stores.ts";
import { movingClock } from "../../support/moving-clock.ts";
import { refused } from "../../support/refused.ts";
import { until } from "../../support/until.ts";

const minute = 60_000;
const next = "another good password";

bothStores("a new password for whoever has forgotten theirs", (profile) => {
	let node: AuthNode;
	before(async () => {
		node = await startAuthNode(profile());
	});
	after(() => node?.stop());
	const { pass } = movingClock();
	const stored = async (id: string): Promise<User> => {
		const user = await node.service.store.users.findById(id);
		assert.ok(user);
		return user;
	};
	const requestsOf = async (id: string) => ((await stored(id)).resets ?? []).filter((request) => !request.void);
	const untilSettled = () => until("all to be settled", () => node.service.store.asked_resets.count(), (left) => left === 0); // biome-ignore format: one line
	const ask = async (email: string): Promise<void> => {
		assert.equal(await node.call("requestPasswordReset", { email }), undefined);
		await untilSettled();
	};
	const linkOf = (userId: string, requestId: string) => node.call<Link | null>("resetToken", { userId, requestId });
	/** What the mail has. */
	const mailed = async ({ user: { id } }: LoggedInUser): Promise<{ token: string; requestId: string }> => {
		const requestId = (await requestsOf(id)).at(-1)?.id ?? "";
		const link = await linkOf(id, requestId);
		assert.ok(link);
		return { token: link.token, requestId };
	};
	const forgetful = async (): Promise<LoggedInUser & { email: string; token: string; requestId: string }> => {
		const ana = await node.somebody({ name: "Ana" });
		await ask(ana.email);
		return { ...ana, ...(await mailed(ana)) };
	};
	const confirm = (token: string, word = next, from = {}) =>
		node.callMeta("confirmPasswordReset", { token, password: word }, from);
	const eventsOf = (id: string) => node.told.filter(({ subject }) => subject === id).map(({ type, data }) => ({ type, data }));
	const hasEnded = ({ from }: LoggedInUser): boolean =>
		node.heard.ended.some(({ sessionId }) => sessionId === from.user.sessionId);

	it("comes with a link: it sets the password, ends every session, and is told", async () => {
		const ana = await forgetful();
		const phone = await node.login(ana.email);
		await confirm(ana.token);
		assert.ok(hasEnded(ana) && hasEnded(phone));
		for (const { refreshToken } of [ana, phone]) await refused(node.call("refresh", { refreshToken }), "UNAUTHORIZED");
		await refused(node.login(ana.email), "BAD_CREDENTIALS");
		await node.login(ana.email, { password: next });
		assert.deepEqual(eventsOf(ana.user.id).slice(-2), [
			{ type: "user.password_reset_requested", data: { userId: ana.user.id, requestId: ana.requestId } },
			{ type: "user.password_changed", data: { userId: ana.user.id } },
		]);
	});

	it("works by a link that is used once", async () => {
		const ana = await forgetful();
		await confirm(ana.token);
		await refused(confirm(ana.token, "yet another password"), "UNAUTHORIZED");
		assert.equal(await linkOf(ana.user.id, ana.requestId), null);
		await node.login(ana.email, { password: next });
	});

	it("is set by one of two who use the link at once", async () => {
		const ana = await forgetful();
		const words = [next, "yet another password"];
		const outcomes = await Promise.allSettled(words.map((word) => confirm(ana.token, word)));
		assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
		const won = words[outcomes.findIndex(({ status }) => status === "fulfilled")];
		await node.login(ana.email, { password: won ?? "" });
	});

	it("comes with the same link however often its mail is made, for an hour", async () => {
		const ana = await forgetful();
		const at = (await requestsOf(ana.user.id))[0]?.at ?? 0;
		const link = { token: ana.token, expiresAt: new Date(at + 60 * minute).toISOString() };
		assert.deepEqual(await linkOf(ana.user.id, ana.requestId), link);
		pass(at + 60 * minute - clock.now() - 1_000);
		assert.deepEqual(await linkOf(ana.user.id, ana.requestId), link);
		pass(1_000);
		assert.equal(await linkOf(ana.user.id, ana.requestId), null);
		await refused(confirm(ana.token), "UNAUTHORIZED");
		await node.login(ana.email);
	});

	it("refuses a link that is made up, of somebody else's request, or of an account that never was", async () => {
		const [ana, ben] = [await forgetful(), await forgetful()];
		const [, , mac] = ana.token.split(".");
		for (const token of ["x", `${ana.token}x`, `${ben.user.id}.${ana.requestId}.${mac}`, `${newId()}.${newId()}.${mac}`]) {
			await refused(confirm(token), "UNAUTHORIZED");
		}
		assert.equal(await linkOf(ben.user.id, ana.requestId), null);
		assert.equal(await linkOf(newId(), ana.requestId), null);
	});

	it("says what is wrong with the password, and the link still works", async () => {
		const ana = await forgetful();
		for (const word of ["short", "password123"]) {
			const { extras } = await refused(confirm(ana.token, word), "VALIDATION");
			assert.equal(extras.errors?.[0]?.pointer, "/password");
		}
		await confirm(ana.token);
	});

	it("says of a link that does not work nothing but that, whatever the password", async () => {
		await refused(confirm("made up", "short"), "UNAUTHORIZED");
		const ana = await forgetful();
		await confirm(ana.token);
		await refused(confirm(ana.token, "short"), "UNAUTHORIZED");
	});

	it("makes older links void, and so does a password that is changed otherwise", async () => {
		const ana = await forgetful();
		pass(2 * minute);
		await ask(ana.email);
		const newer = await mailed(ana);
		assert.notEqual(newer.token, ana.token);
		assert.equal((await linkOf(ana.user.id, ana.requestId))?.token, ana.token, "until one is used, all work");
		await confirm(newer.token);
		await refused(confirm(ana.token), "UNAUTHORIZED");

		const ben = await forgetful();
		await node.call("changePassword", { current: password, next }, ben.from);
		await refused(confirm(ben.token, "yet another password"), "UNAUTHORIZED");
		assert.equal(await linkOf(ben.user.id, ben.requestId), null);
	});

	it("ends for whoever was suspended or is gone: no request, no link, no new password", async () => {
		const [ana, ben] = [await forgetful(), await forgetful()];
		await node.call("updateUser", { id: ana.user.id, suspended: true }, (await node.admin()).from);
		await node.call("deleteMe", {}, ben.from);
		pass(2 * minute);
		for (const { email, token, requestId, user } of [ana, ben]) {
			await refused(confirm(token), "UNAUTHORIZED");
			assert.equal(await linkOf(user.id, requestId), null);
			const { version } = await stored(user.id);
			await ask(email);
			assert.equal((await stored(user.id)).version, version);
		}
		const grave = await stored(ben.user.id);
		assert.ok(grave.resets === undefined && grave.resetBy === undefined);
	});

	it("is answered again to whoever repeats the request with its key and the password, and to nobody else", async () => {
		const ana = await forgetful();
		const key = newId();
		assert.equal((await confirm(ana.token, next, { key })).meta.replayed, undefined);
		assert.equal((await confirm(ana.token, next, { key })).meta.replayed, true);
		await refused(confirm(ana.token, "yet another password", { key }), "IDEMPOTENCY_KEY_REUSED");
		await refused(confirm(ana.token, next, { key, hash: "other" }), "IDEMPOTENCY_KEY_REUSED");
		await refused(confirm(ana.token, next, { key: newId() }), "UNAUTHORIZED");
		const { sessionEpoch } = await stored(ana.user.id);
		await confirm(ana.token, next, { key });
		assert.equal((await stored(ana.user.id)).sessionEpoch, sessionEpoch);
	});

	it("lets one of several with the same key set it, and answers all", async () => {
		const ana = await forgetful();
		const key = newId();
		const answers = await Promise.all([1, 2, 3].map(() => confirm(ana.token, next, { key })));
		assert.equal(answers.filter(({ meta }) => meta.replayed).length, 2);
	});

	it("comes in one mail a minute, whatever somebody asks for and how they write the address", async () => {
		const ana = await node.somebody();
		await Promise.all([ana.email, ana.email.toUpperCase(), ana.email].map(ask));
		assert.equal((await requestsOf(ana.user.id)).length, 1);
		pass(minute);
		await ask(ana.email);
		assert.equal((await requestsOf(ana.user.id)).length, 2);
	});

	it("tells nobody whether an address is known: the same answer after the same work", async () => {
		const [ana, ben] = [await node.somebody(), await node.somebody()];
		await node.call("updateUser", { id: ben.user.id, suspended: true }, (await node.admin()).from);
		const { users, asked_resets } = node.service.store;
		const done: string[] = [];
		const watched = <T extends object>(name: string, collection: T): T =>
			new Proxy(collection, {
				get(target, member) {
					const value = Reflect.get(target, member);
					if (typeof value !== "function") return value;
					return (...given: unknown[]) => {
						done.push(`${name}.${String(member)}`);
						return value.apply(target, given);
					};
				},
			});
		const later: (() => Promise<void>)[] = [];
		const options = { users: watched("users", users), asked: watched("asked", asked_resets) };
		const desk = new ResetDesk({ ...options, soon: (work) => void later.push(work), onRequest: () => undefined });
		for (const email of [ana.email, ben.email, `${newId()}@example.com`]) {
			await desk.take(email, { at: clock.now() });
			assert.deepEqual(done.splice(0), ["asked.create"]);
		}
		for (const work of later) await work();
		assert.equal(await asked_resets.count(), 0);
		assert.equal((await requestsOf(ana.user.id)).length, 1);
		assert.equal((await requestsOf(ben.user.id)).length, 0);
	});

	describe("when a process dies", () => {
		const dying = () => {
			const { users, asked_resets: asked } = node.service.store;
			return new ResetDesk({ users, asked, soon: () => undefined, onRequest: () => undefined });
		};

		it("after it took a request, another sees to it, and to the others when one of them fails", async () => {
			const [ana, ben] = [await node.somebody(), await node.somebody()];
			for (const { email } of [ana, ben]) await dying().take(email, { at: clock.now() });
			await node.service.resetDesk.sweep();
			assert.equal((await requestsOf(ana.user.id)).length, 0, "whoever took it a moment ago is at it");
			pass(6_000);
			const { users } = node.service.store;
			const { findOne } = users;
			users.findOne = (where) =>
				where.emailKey === ana.email ? Promise.reject(new Error("not this one")) : findOne.call(users, where);
			try {
				await assert.rejects(node.service.resetDesk.sweep(), /not this one/);
			} finally {
				users.findOne = findOne;
			}
			assert.equal((await requestsOf(ben.user.id)).length, 1);
			await node.service.resetDesk.sweep();
			assert.equal((await requestsOf(ana.user.id)).length, 1);
			assert.equal(await node.service.store.asked_resets.count(), 0);
		});

		it("after it settled a request, the link is not opened again by the next, not even when it was used meanwhile", async () => {
			const ana = await forgetful();
			const again = { _id: ana.requestId, emailKey: ana.email, at: clock.now() - 6_000 };
			await node.service.store.asked_resets.create(again);
			await node.service.resetDesk.sweep();
			assert.equal((await requestsOf(ana.user.id)).length, 1);
			await confirm(ana.token);
			await node.service.store.asked_resets.create(again);
			await node.service.resetDesk.sweep();
			await refused(confirm(ana.token, "yet another password"), "UNAUTHORIZED");
			const asked = eventsOf(ana.user.id).filter(({ type }) => type === "user.password_reset_requested");
			assert.equal(asked.length, 1);
		});

		it("for longer than a link lives, no mail is sent that nobody could use", async () => {
			const ana = await node.somebody();
			await dying().take(ana.email, { at: clock.now() });
			pass(61 * minute);
			await node.service.resetDesk.sweep();
			assert.equal((await stored(ana.user.id)).resets, undefined);
			assert.equal(await node.service.store.asked_resets.count(), 0);
		});

		it("after it set the password, the sessions are over all the same", async () => {
			const ana = await forgetful();
			const { keeper } = node.service;
			const { endVoid } = keeper;
			keeper.endVoid = () => Promise.reject(new Error("died"));
			try {
				await assert.rejects(confirm(ana.token), /died/);
			} finally {
				keeper.endVoid = endVoid;
			}
			await refused(node.call("refresh", { refreshToken: ana.refreshToken }), "UNAUTHORIZED");
			await keeper.sweep();
			assert.ok(hasEnded(ana));
		});
	});

	it("leaves nothing in the database that sets a password", async () => {
		const ana = await forgetful();
		assert.ok(!JSON.stringify(await stored(ana.user.id)).includes(ana.token.split(".")[2] ?? "?"));
	});
});

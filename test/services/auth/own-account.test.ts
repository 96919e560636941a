import assert from "node:assert/strict";
import type { User } from "../../../services/auth/user.ts";
import { type AuthNode, type LoggedInUser, password, startAuthNode } from "../../support/auth-node.ts";
import { bothStores } from "../../support/both-stores.ts";
import { refused } from "../../support/refused.ts";

const nextPassword = "another good password";

bothStores("one's own account", (profile) => {
	let node: AuthNode;
	before(async () => {
		node = await startAuthNode(profile());
	});
	after(() => node?.stop());

	const stored = async (id: string): Promise<User> => {
		const user = await node.service.store.users.findById(id);
		assert.ok(user);
		return user;
	};
	const hasEnded = ({ from }: LoggedInUser): boolean =>
		node.heard.ended.some(({ sessionId }) => sessionId === from.user.sessionId);
	const refresh = ({ refreshToken }: LoggedInUser) => node.call("refresh", { refreshToken });
	const resolved = (id: string) => node.call<{ name: string; active: boolean } | null>("resolve", { id });

	it("tells who I am", async () => {
		const ana = await node.somebody({ name: "Ana" });
		const { id } = ana.from.user;
		const me = { id, email: ana.email, name: "Ana", roles: ["buyer"], emailVerified: false };
		assert.deepEqual(await node.call("me", {}, ana.from), me);
	});

	it("refuses a call that comes from nobody", async () => {
		for (const action of ["me", "sessions", "deleteMe"]) await refused(node.call(action), "UNAUTHORIZED");
	});

	it("changes my name and nothing else, whatever else is sent", async () => {
		const ana = await node.somebody();
		const { id } = ana.from.user;
		const change = { name: "Ana María", email: "other@example.com", roles: ["admin"], suspended: true, id: "x", version: 7 };
		const me = await node.call<Record<string, unknown>>("updateMe", change, ana.from);
		assert.deepEqual(me, { id, email: ana.email, name: "Ana María", roles: ["buyer"], emailVerified: false });
		assert.equal((await stored(id)).version, 2);
		assert.equal((await resolved(id))?.name, "Ana María");
		assert.deepEqual(await node.call("updateMe", {}, ana.from), me);
		assert.equal((await stored(id)).version, 2);
	});

	it("shows a new name to the other services at once, although they may have cached the old one", async () => {
		const ana = await node.somebody({ name: "Before" });
		const { id } = ana.from.user;
		assert.equal((await resolved(id))?.name, "Before");
		assert.equal((await resolved(id))?.name, "Before");
		await node.call("updateMe", { name: "After" }, ana.from);
		assert.equal((await resolved(id))?.name, "After");
		assert.ok(node.heard.changed.includes(id));
	});

	describe("changing the password", () => {
		it("takes the new one, refuses the old one, and ends all other sessions", async () => {
			const ana = await node.somebody();
			const phone = await node.login(ana.email);
			await node.call("changePassword", { current: password, next: nextPassword }, ana.from);
			assert.ok(hasEnded(phone));
			assert.ok(!hasEnded(ana));
			await refused(refresh(phone), "UNAUTHORIZED");
			await refresh(ana);
			await refused(node.login(ana.email), "BAD_CREDENTIALS");
			await node.login(ana.email, { password: nextPassword });
		});

		it("keeps this session through a second change, and ends it when it is made elsewhere", async () => {
			const ana = await node.somebody();
			await node.call("changePassword", { current: password, next: nextPassword }, ana.from);
			await node.call("changePassword", { current: nextPassword, next: password }, ana.from);
			const phone = await node.login(ana.email);
			await node.call("changePassword", { current: password, next: nextPassword }, phone.from);
			assert.ok(hasEnded(ana));
			await refused(refresh(ana), "UNAUTHORIZED");
			await refresh(phone);
		});

		it("wants the current password", async () => {
			const ana = await node.somebody();
			await refused(node.call("changePassword", { current: "not my password", next: nextPassword }, ana.from), "BAD_CREDENTIALS");
			await node.login(ana.email);
		});

		it("says at /next what is wrong with the new one", async () => {
			const ana = await node.somebody({ name: "Wilhelmina" });
			for (const next of ["short", "password123", "wilhelmina1"]) {
				const { extras } = await refused(node.call("changePassword", { current: password, next }, ana.from), "VALIDATION");
				assert.equal(extras.errors?.[0]?.pointer, "/next");
			}
			await node.login(ana.email);
		});

		it("lets one of two changes at once happen", async () => {
			const ana = await node.somebody();
			const outcomes = await Promise.allSettled(
				[nextPassword, "a third good password"].map((next) => node.call("changePassword", { current: password, next }, ana.from)),
			);
			assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
			await refused(node.login(ana.email), "BAD_CREDENTIALS");
		});

		it("ends sessions that were begun with the old password while it was changed", async () => {
			const ana = await node.somebody();
			const { users } = node.service.store;
			const { findOne } = users;
			// The log-in has read the old hash, and the change comes before it goes on.
			users.findOne = async (where) => {
				users.findOne = findOne;
				const user = await findOne.call(users, where);
				await node.call("changePassword", { current: password, next: nextPassword }, ana.from);
				return user;
			};
			await refused(node.login(ana.email), "BAD_CREDENTIALS");
			const { items } = await node.call<{ items: unknown[] }>("sessions", {}, ana.from);
			assert.equal(items.length, 1);
		});

		it("is finished by the next sweep when the process died after the write", async () => {
			const ana = await node.somebody();
			const phone = await node.login(ana.email);
			const { keeper } = node.service;
			const { endVoid } = keeper;
			keeper.endVoid = () => Promise.reject(new Error("died"));
			try {
				await assert.rejects(node.call("changePassword", { current: password, next: nextPassword }, ana.from), /died/);
			} finally {
				keeper.endVoid = endVoid;
			}
			await refused(refresh(phone), "UNAUTHORIZED");
			const tablet = node.heard.ended.length;
			await keeper.sweep();
			assert.equal((await stored(ana.from.user.id)).endingSessions, undefined);
			assert.ok(hasEnded(phone));
			assert.ok(!hasEnded(ana));
			assert.ok(node.heard.ended.length >= tablet);
		});
	});

	describe("deleting it", () => {
		it("wipes what is personal, ends the sessions, and frees the address", async () => {
			const ana = await node.somebody({ name: "Wilhelmina" });
			const phone = await node.login(ana.email);
			const { id } = ana.from.user;
			await node.call("deleteMe", {}, ana.from);
			assert.ok(hasEnded(ana) && hasEnded(phone));
			const { outbox: _events, ...grave } = await stored(id);
			assert.ok(!JSON.stringify(grave).includes("Wilhelmina"));
			assert.ok(!JSON.stringify(grave).includes(ana.email));
			assert.equal(grave.passwordHash, "");
			await refused(node.login(ana.email), "BAD_CREDENTIALS");
			await refused(refresh(phone), "UNAUTHORIZED");
			await refused(node.call("me", {}, ana.from), "UNAUTHORIZED");
			await refused(node.call("getUser", { id }, phone.from), "NOT_FOUND");
			assert.equal(await resolved(id), null);
			const again = await node.register({ email: ana.email });
			assert.notEqual(again.id, id);
		});

		it("changes nothing when it comes a second time", async () => {
			const ana = await node.somebody();
			await node.call("deleteMe", {}, ana.from);
			const { version } = await stored(ana.from.user.id);
			await refused(node.call("deleteMe", {}, ana.from), "UNAUTHORIZED");
			assert.equal((await stored(ana.from.user.id)).version, version);
		});

		it("cannot be answered from the key that the account was registered with", async () => {
			const body = { name: "Gone" };
			const { email } = await node.register(body, { key: "k-gone" });
			const { from } = await node.login(email);
			await node.call("deleteMe", {}, from);
			await refused(node.register({ ...body, email }, { key: "k-gone" }), "IDEMPOTENCY_KEY_REUSED");
		});
	});
});

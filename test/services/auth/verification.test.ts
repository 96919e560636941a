import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import type { Link } from "../../../services/auth/links.adapter.ts";
import type { User } from "../../../services/auth/user.ts";
import { type AuthNode, type LoggedInUser, startAuthNode } from "../../support/auth-node.ts";
import { bothStores } from "../../support/both-stores.ts";
import { movingClock } from "../../support/moving-clock.ts";
import { refused } from "../../support/refused.ts";

const minute = 60_000;
const day = 1_440 * minute;

bothStores("verifying an address", (profile) => {
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
	const linkOf = (userId: string) => node.call<Link | null>("verificationToken", { userId });
	const tokenOf = async ({ user: { id } }: Pick<LoggedInUser, "user">): Promise<string> => {
		const link = await linkOf(id);
		assert.ok(link);
		return link.token;
	};
	const verify = (token: string) => node.call("verifyEmail", { token });
	const isVerified = async ({ from }: LoggedInUser): Promise<boolean> =>
		(await node.call<{ emailVerified: boolean }>("me", {}, from)).emailVerified;
	const told = (id: string): number =>
		node.told.filter(({ type, subject }) => type === "user.verification_requested" && subject === id).length;

	it("marks it, for oneself and for whoever writes to it", async () => {
		const ana = await node.somebody();
		assert.equal(await isVerified(ana), false);
		assert.equal(await verify(await tokenOf(ana)), undefined);
		assert.equal(await isVerified(ana), true);
		const contacts = await node.call<{ emailVerified: boolean }[]>("contactsOf", { ids: [ana.user.id] });
		assert.deepEqual(contacts.map(({ emailVerified }) => emailVerified), [true]); // biome-ignore format: one line
	});

	it("a second time changes nothing, however late", async () => {
		const ana = await node.somebody();
		const token = await tokenOf(ana);
		await Promise.all([verify(token), verify(token)]);
		const { version } = await stored(ana.user.id);
		pass(30 * day);
		await verify(token);
		assert.equal((await stored(ana.user.id)).version, version);
		assert.equal(await linkOf(ana.user.id), null);
	});

	it("works by the link of the registration for a week, the same whenever its mail is made", async () => {
		const ana = await node.somebody();
		const { createdAt } = await stored(ana.user.id);
		const link = await linkOf(ana.user.id);
		assert.equal(link?.expiresAt, new Date(Date.parse(createdAt) + 7 * day).toISOString());
		pass(6 * day);
		assert.deepEqual(await linkOf(ana.user.id), link);
		pass(day + 1_000);
		assert.equal(await linkOf(ana.user.id), null);
		await refused(verify(link?.token ?? ""), "UNAUTHORIZED");
		assert.equal((await stored(ana.user.id)).emailVerified, false);
	});

	it("refuses what is made up, and a link that was made for a password", async () => {
		const ana = await node.somebody();
		const token = await tokenOf(ana);
		const [userId, requestId, mac] = token.split(".");
		for (const wrong of ["x", `${token}x`, `${newId()}.${requestId}.${mac}`, `${userId}.${newId()}.${mac}`]) {
			await refused(verify(wrong), "UNAUTHORIZED");
		}
		await refused(node.call("confirmPasswordReset", { token, password: "another good password" }), "UNAUTHORIZED");
		assert.equal(await isVerified(ana), false);
	});

	it("sends the mail once more to whoever asks, and the older link works as well", async () => {
		const ana = await node.somebody();
		const first = await tokenOf(ana);
		pass(day);
		await node.call("requestVerification", {}, ana.from);
		assert.equal(told(ana.user.id), 1);
		const second = await tokenOf(ana);
		assert.notEqual(second, first);
		await verify(first);
		await verify(second);
		assert.equal(await isVerified(ana), true);
	});

	it("sends one a minute and three a day, and says when the next", async () => {
		const ana = await node.somebody();
		const ask = () => node.call("requestVerification", {}, ana.from);
		const soon = await refused(ask(), "RATE_LIMITED");
		assert.ok((soon.extras.retryAfter ?? 0) >= 1 && (soon.extras.retryAfter ?? 0) <= 60);
		for (const _second of [2, 3]) {
			pass(minute);
			await ask();
		}
		pass(minute);
		assert.ok(((await refused(ask(), "RATE_LIMITED")).extras.retryAfter ?? 0) > 80_000);
		pass(day);
		await ask();
		assert.equal(told(ana.user.id), 3);
	});

	it("sends nothing to an address that is verified", async () => {
		const ana = await node.somebody();
		await verify(await tokenOf(ana));
		pass(day);
		await node.call("requestVerification", {}, ana.from);
		assert.equal(told(ana.user.id), 0);
	});

	it("ends for whoever was suspended or is gone", async () => {
		const [ana, ben] = [await node.somebody(), await node.somebody()];
		const tokens = [await tokenOf(ana), await tokenOf(ben)];
		await node.call("updateUser", { id: ana.user.id, suspended: true }, (await node.admin()).from);
		await node.call("deleteMe", {}, ben.from);
		for (const token of tokens) await refused(verify(token), "UNAUTHORIZED");
		for (const { user, from } of [ana, ben]) {
			assert.equal(await linkOf(user.id), null);
			await refused(node.call("requestVerification", {}, from), "UNAUTHORIZED");
		}
		assert.equal((await stored(ben.user.id)).verifications, undefined);
	});

	it("is asked for by somebody", () => refused(node.call("requestVerification"), "UNAUTHORIZED"));
});

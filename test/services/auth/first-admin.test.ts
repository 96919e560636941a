import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { announceGrace, ensureAdmin } from "../../../services/auth/first-admin.adapter.ts";
import type { User } from "../../../services/auth/user.ts";
import { type AuthNode, adminAccount, startAuthNode } from "../../support/auth-node.ts";
import { bothStores } from "../../support/both-stores.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

const realNow = clock.now;
const passwordIn = (text: string): string => /password\s+(\S+)\n/.exec(text)?.[1] ?? "";

describe("the first start", () => {
	let dataDir: string;
	let node: AuthNode | undefined;
	const start = async (change: object = {}): Promise<AuthNode> => {
		node = await startAuthNode({ kind: "embedded", dataDir }, { dataDir, profile: { admin: null, ...change } });
		return node;
	};
	beforeEach(async () => {
		dataDir = await tempDir("first-admin");
	});
	afterEach(async () => {
		clock.now = realNow;
		await node?.stop();
		node = undefined;
		await removeDir(dataDir);
	});

	it("makes an admin with a password that is shown once and works", async () => {
		const first = await start();
		assert.equal(first.announced.length, 1);
		const password = passwordIn(first.announced[0] ?? "");
		assert.ok(password.length >= 20);
		assert.deepEqual((await first.login("admin@souk.local", { password })).user.roles, ["admin"]);
		await first.stop();
		const second = await start();
		assert.deepEqual(second.announced, []);
		await second.login("admin@souk.local", { password });
	});

	it("makes the admin that the settings name, and shows nothing", async () => {
		const first = await start({ admin: adminAccount });
		assert.deepEqual(first.announced, []);
		const { user } = await first.admin();
		assert.deepEqual(user.roles, ["admin"]);
		assert.equal(user.email, adminAccount.email);
		await first.stop();
		const second = await start({ admin: { email: "other@souk.example", password: "another good password" } });
		await second.admin();
		assert.equal(await second.service.store.users.count({ admin: true }), 1);
	});

	it("makes nobody an admin who registered the address before", async () => {
		const first = await start();
		const { email } = await first.register();
		const admin = await first.login("admin@souk.local", { password: passwordIn(first.announced[0] ?? "") });
		await first.service.store.users.update({ _id: admin.user.id }, { $set: { roles: [], suspended: true } });
		await first.stop();
		const second = await start({ admin: { email, password: "another good password" } });
		assert.equal(await second.service.store.users.count({ admin: true, suspended: false }), 0);
		assert.deepEqual((await second.login(email)).user.roles, ["buyer"]);
		await second.stop();
		const third = await start({ admin: { email: "rescue@souk.example", password: "another good password" } });
		const { user } = await third.login("rescue@souk.example", { password: "another good password" });
		assert.deepEqual(user.roles, ["admin"]);
	});
});

bothStores("the first admin", (profile) => {
	let node: AuthNode;
	const announced: string[] = [];
	const announce = (text: string): void => void announced.push(text);
	const ensure = (): Promise<number | null> => ensureAdmin(node.service, null, announce);
	const admins = (): Promise<User[]> => node.service.store.users.find({ where: { admin: true } });
	const deleteAll = async (): Promise<void> => {
		for (const { _id } of await admins()) await node.service.store.users.remove({ _id });
		announced.length = 0;
	};
	before(async () => {
		node = await startAuthNode(profile());
	});
	beforeEach(deleteAll);
	after(() => node?.stop());
	afterEach(() => {
		clock.now = realNow;
	});

	it("is one, shown once, when many nodes start at once", async () => {
		await Promise.all(Array.from({ length: 6 }, () => ensure()));
		assert.equal((await admins()).length, 1);
		assert.equal(announced.length, 1);
		await node.login("admin@souk.local", { password: passwordIn(announced[0] ?? "") });
	});

	it("gets another password when the node that made it died before it was shown", async () => {
		const died = ensureAdmin(node.service, null, () => {
			throw new Error("died");
		});
		await assert.rejects(died, /died/);
		const soon = await ensure();
		assert.ok(soon !== null && soon > 0 && soon <= announceGrace, "the other node may be about to show it");
		assert.equal(announced.length, 0);
		clock.now = () => realNow() + announceGrace;
		assert.equal(await ensure(), null);
		assert.equal(announced.length, 1);
		await node.login("admin@souk.local", { password: passwordIn(announced[0] ?? "") });
		assert.equal(await ensure(), null);
		assert.equal(announced.length, 1);
	});

	it("keeps the password that somebody logged in with", async () => {
		const shown: string[] = [];
		const died = ensureAdmin(node.service, null, (text) => {
			shown.push(text);
			throw new Error("died after it was shown");
		});
		await assert.rejects(died, /died after/);
		const password = passwordIn(shown[0] ?? "");
		await node.login("admin@souk.local", { password });
		clock.now = () => realNow() + announceGrace;
		assert.equal(await ensure(), null);
		assert.deepEqual(announced, []);
		await node.login("admin@souk.local", { password });
	});
});

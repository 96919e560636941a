import assert from "node:assert/strict";
import type { Static } from "typebox";
import type { AdminUser } from "../../../contracts/http/auth.ts";
import { newId } from "../../../contracts/ids.ts";
import { type AuthNode, adminAccount, type LoggedInUser, startAuthNode } from "../../support/auth-node.ts";
import { bothStores } from "../../support/both-stores.ts";
import { refused } from "../../support/refused.ts";

type Listed = { items: { id: string; name: string }[]; nextCursor: string | null };
type AdminView = Static<typeof AdminUser>;

bothStores("other people", (profile) => {
	let node: AuthNode;
	let ana: LoggedInUser & { email: string };
	let admin: LoggedInUser;
	before(async () => {
		node = await startAuthNode(profile());
		ana = await node.somebody({ name: "Ana" });
		admin = await node.admin();
	});
	after(() => node?.stop());

	const find = (params: object): Promise<Listed> => node.call("findUsers", params, ana.from);
	const namesOf = ({ items }: Listed) => items.map(({ name }) => name);
	const update = (id: string, change: object, from = admin.from): Promise<AdminView> =>
		node.call("updateUser", { id, ...change }, from);
	const hasEnded = ({ from }: LoggedInUser): boolean =>
		node.heard.ended.some(({ sessionId }) => sessionId === from.user.sessionId);

	describe("for everybody", () => {
		it("shows id and name of a person and nothing else", async () => {
			const { id } = await node.register({ name: "Ben" });
			assert.deepEqual(await node.call("getUser", { id }, ana.from), { id, name: "Ben" });
			await refused(node.call("getUser", { id: newId() }, ana.from), "NOT_FOUND");
		});

		it("tells other services who many are at once, and leaves out who is nobody", async () => {
			const [ben, eve] = [await node.register({ name: "Ben" }), await node.register({ name: "Eve" })];
			const found = await node.call<{ id: string; name: string; active: boolean }[]>("resolveMany", { ids: [ben.id, newId(), eve.id] }); // biome-ignore format: one line
			assert.deepEqual(found.map(({ id, name, active }) => [id, name, active]).sort(), [[ben.id, "Ben", true], [eve.id, "Eve", true]].sort()); // biome-ignore format: one line
		});

		it("tells other services where to write to people, but not of those who were suspended or are gone", async () => {
			const [ben, eve, gone] = [await node.somebody({ name: "Ben" }), await node.register(), await node.somebody()];
			const ids = [ben.user.id, eve.id, gone.user.id, newId(), ben.user.id];
			const names = async () => (await node.call<{ id: string }[]>("contactsOf", { ids })).map(({ id }) => id).sort();
			assert.deepEqual(await names(), [ben.user.id, eve.id, gone.user.id].sort());
			await update(eve.id, { suspended: true });
			await node.call("deleteMe", {}, gone.from);
			const contact = { id: ben.user.id, name: "Ben", email: ben.email, emailVerified: false };
			assert.deepEqual(await node.call("contactsOf", { ids }), [contact]);
			await refused(node.call("contactsOf", { ids: Array.from({ length: 1_001 }, newId) }), "VALIDATION");
		});

		it("finds people by the start of the name, whatever the case", async () => {
			const tag = newId().slice(0, 8);
			for (const name of [`${tag} Mei`, `${tag.toUpperCase()} MEI Ling`, `${tag}  meister`, `${tag} Mel`, `Not ${tag} Mei`]) {
				await node.register({ name });
			}
			const found = await find({ q: `${tag} MEI` });
			assert.deepEqual(namesOf(found), [`${tag} Mei`, `${tag.toUpperCase()} MEI Ling`, `${tag}  meister`]);
			assert.deepEqual(Object.keys(found.items[0] ?? {}), ["id", "name"]);
			assert.deepEqual(namesOf(await find({ q: `${tag} meis` })), [`${tag}  meister`]);
			assert.deepEqual(namesOf(await find({ q: `${tag} x` })), []);
		});

		it("finds names in any script, at the edges of the ranges too", async () => {
			const tag = newId().slice(0, 8);
			const names = [`${tag}ｱﾅ`, `${tag}ｱﾝ`, `${tag}😀 Ann`, `${tag}😁`, `${tag}Ö`, `${tag}\u{10fffd}z`, `${tag}\ue000z`];
			for (const name of names) await node.register({ name });
			for (const name of names) {
				const first = [...name].slice(0, tag.length + 1).join("");
				const expected = names.filter((other) => other.toLowerCase().startsWith(first.toLowerCase())).sort();
				assert.deepEqual(namesOf(await find({ q: first })).sort(), expected, JSON.stringify(first));
			}
		});

		it("reads nothing but letters in a query", async () => {
			const tag = newId().slice(0, 8);
			await node.register({ name: `${tag}%` });
			await node.register({ name: `${tag}.*` });
			await node.register({ name: `${tag}$` });
			for (const sign of ["%", ".*", "$"]) assert.deepEqual(namesOf(await find({ q: tag + sign })), [tag + sign]);
			assert.deepEqual(namesOf(await find({ q: `${tag}_` })), []);
		});

		it("pages through all of them, each once, while others come and go", async () => {
			const tag = newId().slice(0, 8);
			const names = Array.from({ length: 7 }, (_, index) => `${tag} Twin ${index % 3}`);
			const made = await Promise.all(names.map((name) => node.register({ name })));
			const seen: string[] = [];
			let cursor: string | null = null;
			do {
				const page: Listed = await find({ q: tag, limit: 3, ...(cursor === null ? {} : { cursor }) });
				assert.ok(page.items.length > 0 && page.items.length <= 3);
				seen.push(...page.items.map(({ id }) => id));
				cursor = page.nextCursor;
				await node.register({ name: `${tag} A latecomer in front` });
			} while (cursor !== null);
			assert.deepEqual([...seen].sort(), made.map(({ id }) => id).sort());
		});

		it("pages through names as long as names can be", async () => {
			const tag = newId().slice(0, 8);
			const name = tag + "😀".repeat(92);
			for (let count = 0; count < 3; count++) await node.register({ name });
			const first = await find({ q: name, limit: 2 });
			assert.ok((first.nextCursor?.length ?? 0) <= 512);
			const second = await find({ q: name, limit: 2, cursor: first.nextCursor });
			assert.equal(new Set([...first.items, ...second.items].map(({ id }) => id)).size, 3);
		});

		it("refuses cursors that it did not give, and limits out of bounds", async () => {
			for (const cursor of ["x", "e30", "AAAAAAAAAAAAAAAA"]) {
				const { extras } = await refused(find({ cursor }), "VALIDATION");
				assert.equal(extras.errors?.[0]?.pointer, "/cursor");
			}
			for (const limit of [0, 101, 1.5]) await refused(find({ limit }), "VALIDATION");
			const { nextCursor } = await node.call<Listed>("listUsers", { limit: 1 }, admin.from);
			await refused(find({ cursor: nextCursor }), "VALIDATION");
		});
	});

	describe("for admins", () => {
		it("lists users newest first, with what an admin needs and nothing secret", async () => {
			const ben = await node.register({ name: "Ben" });
			const { items } = await node.call<{ items: AdminView[] }>("listUsers", { limit: 2 }, admin.from);
			const [newest] = items;
			assert.equal(newest?.id, ben.id);
			assert.deepEqual(newest, { ...ben, emailVerified: false, suspended: false, createdAt: newest?.createdAt, version: 1 });
			assert.ok((items[1]?.createdAt ?? "") <= (newest?.createdAt ?? ""));
		});

		it("finds users by name or address, the suspended too", async () => {
			const tag = newId().slice(0, 8);
			const ben = await node.register({ name: `${tag} Ben`, email: `${tag}@example.com` });
			await update(ben.id, { suspended: true });
			const ids = async (q: string) =>
				(await node.call<{ items: AdminView[] }>("listUsers", { q }, admin.from)).items.map(({ id }) => id);
			assert.deepEqual(await ids(`${tag} b`), [ben.id]);
			assert.deepEqual(await ids(`${tag.toUpperCase()}@EXAMPLE`), [ben.id]);
			assert.deepEqual(namesOf(await find({ q: `${tag} b` })), []);
		});

		it("are the only ones who may", async () => {
			const seller = await node.somebody({ role: "seller" });
			for (const { from } of [ana, seller]) {
				await refused(node.call("listUsers", {}, from), "FORBIDDEN");
				await refused(update(ana.from.user.id, { roles: ["admin"] }, from as typeof admin.from), "FORBIDDEN");
			}
			await refused(node.call("listUsers"), "UNAUTHORIZED");
		});

		it("suspend somebody: all sessions end, and nothing tells it from a wrong password", async () => {
			const ben = await node.somebody();
			const phone = await node.login(ben.email);
			const view = await update(ben.from.user.id, { suspended: true });
			assert.equal(view.suspended, true);
			assert.equal(view.version, 2);
			assert.ok(hasEnded(ben) && hasEnded(phone));
			await refused(node.call("refresh", { refreshToken: phone.refreshToken }), "UNAUTHORIZED");
			await refused(node.login(ben.email), "BAD_CREDENTIALS");
			await refused(node.call("me", {}, ben.from), "UNAUTHORIZED");
			assert.equal((await node.call<{ active: boolean }>("resolve", { id: ben.from.user.id })).active, false);
			await update(ben.from.user.id, { suspended: false });
			await node.login(ben.email);
			await refused(node.call("refresh", { refreshToken: phone.refreshToken }), "UNAUTHORIZED");
		});

		it("end the sessions of somebody whose role they take, not of one who gets another", async () => {
			const ben = await node.somebody();
			const { id } = ben.from.user;
			await update(id, { roles: ["buyer", "seller"] });
			assert.ok(!hasEnded(ben));
			const renewed = await node.call<LoggedInUser>("refresh", { refreshToken: ben.refreshToken });
			await update(id, { roles: ["buyer"] });
			assert.ok(hasEnded(ben));
			await refused(node.call("refresh", { refreshToken: renewed.refreshToken }), "UNAUTHORIZED");
		});

		it("change what they have seen, if they say so", async () => {
			const { id } = await node.register();
			await update(id, { roles: ["seller"] }, { ...admin.from, ifMatch: [1] } as typeof admin.from);
			await refused(update(id, { roles: ["buyer"] }, { ...admin.from, ifMatch: [1] } as typeof admin.from), "VERSION_CONFLICT");
			const view = await update(id, { roles: ["buyer"] }, { ...admin.from, ifMatch: "*" } as typeof admin.from);
			assert.equal(view.version, 3);
			assert.equal((await update(id, { roles: ["buyer"] })).version, 3);
		});

		it("cannot change what is not there, or what is not theirs to change", async () => {
			await refused(update(newId(), { suspended: true }), "NOT_FOUND");
			const ben = await node.somebody();
			await node.call("deleteMe", {}, ben.from);
			await refused(update(ben.from.user.id, { suspended: false }), "NOT_FOUND");
			const cleo = await node.register({ name: "Cleo" });
			const view = await update(cleo.id, { name: "Mallory", email: "m@example.com", passwordHash: "x", version: 9 });
			assert.deepEqual([view.name, view.email, view.version], ["Cleo", cleo.email, 1]);
			await refused(update(cleo.id, { roles: ["root"] }), "VALIDATION");
		});

		it("do not lose their last one, by whatever way", async () => {
			const { id } = admin.from.user;
			await refused(update(id, { suspended: true }), "TRANSITION_REFUSED");
			await refused(update(id, { roles: ["buyer"] }), "TRANSITION_REFUSED");
			await refused(node.call("deleteMe", {}, admin.from), "TRANSITION_REFUSED");
			assert.ok(!hasEnded(admin));
			await node.login(adminAccount.email, { password: adminAccount.password });
		});

		it("may go when there is another", async () => {
			const other = await node.somebody();
			await update(other.from.user.id, { roles: ["admin"] });
			await update(other.from.user.id, { suspended: true });
			await refused(update(admin.from.user.id, { roles: [] }), "TRANSITION_REFUSED");
			await update(other.from.user.id, { suspended: false });
			const { from } = await node.login(other.email);
			await node.call("deleteMe", {}, from);
			await refused(update(admin.from.user.id, { roles: [] }), "TRANSITION_REFUSED");
		});

		it("keep one when two take each other's role at the same moment", async () => {
			for (let round = 0; round < 5; round++) {
				const other = await node.somebody();
				await update(other.from.user.id, { roles: ["admin"] });
				const fresh = await node.login(other.email);
				await Promise.allSettled([
					update(other.from.user.id, { roles: ["buyer"] }),
					update(admin.from.user.id, { roles: ["buyer"] }, fresh.from),
				]);
				const admins = await node.service.store.users.find({ where: { admin: true, suspended: false } });
				assert.ok(admins.length > 0, "nobody could make an admin any more");
				for (const { _id } of admins) if (_id !== admin.from.user.id) await update(admin.from.user.id, { roles: ["admin"] });
				for (const { _id } of admins) if (_id !== admin.from.user.id) await update(_id, { roles: ["buyer"] });
			}
		});
	});
});

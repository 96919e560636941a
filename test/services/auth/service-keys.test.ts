import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import type { ServiceCaller } from "../../../contracts/call.ts";
import type { NewServiceKey, ServiceKeyView } from "../../../contracts/http/service-keys.ts";
import { newId } from "../../../contracts/ids.ts";
import { parseServiceKey } from "../../../mixins/service-key/key-text.ts";
import { StoreUnavailable } from "../../../mixins/store/errors.ts";
import { type AuthNode, type From, type LoggedInUser, startAuthNode } from "../../support/auth-node.ts";
import { bothStores } from "../../support/both-stores.ts";
import { refused } from "../../support/refused.ts";
import { madeUpKey } from "../../support/service-key.ts";

type Listed = { items: ServiceKeyView[]; nextCursor: string | null };

const realNow = clock.now;

bothStores("service keys", (profile) => {
	let node: AuthNode;
	let admin: LoggedInUser;
	let revoked: string[];
	let undo: () => void;
	before(async () => {
		node = await startAuthNode(profile());
		admin = await node.admin();
		node.broker.createService({
			name: "listener",
			events: {
				"auth.key_revoked": { handler: (ctx: { params: { keyId: string } }) => void revoked.push(ctx.params.keyId) },
			},
		});
		await node.broker.waitForServices("listener");
	});
	after(() => node?.stop());
	beforeEach(() => {
		revoked = [];
		undo = () => undefined;
	});
	afterEach(() => {
		clock.now = realNow;
		undo();
	});

	const create = (from: From = {}, change: object = {}): Promise<NewServiceKey> =>
		node.call("createKey", { name: "Importer", scopes: ["intake"], ...change }, { ...admin.from, ...from });
	const revoke = (id: string, from: From = admin.from): Promise<void> => node.call("revokeKey", { id }, from);
	const list = (params: object = {}): Promise<Listed> => node.call("listKeys", params, admin.from);
	const verify = (text: string): Promise<ServiceCaller | null> => node.call("verifyKey", parseServiceKey(text) ?? {});
	const stored = (id: string) => node.service.store.service_keys.findById(id);
	const viewOf = async (id: string) => (await list({ limit: 100 })).items.find((view) => view.id === id);

	it("are made with a secret that lets their program in", async () => {
		const key = await create();
		assert.deepEqual([key.name, key.scopes], ["Importer", ["intake"]]);
		assert.equal(parseServiceKey(key.secret)?.id, key.id);
		assert.deepEqual(await verify(key.secret), { keyId: key.id, name: "Importer", scopes: ["intake"] });
	});

	it("keep their secret out of the store and of the list", async () => {
		const key = await create();
		const secret = key.secret.split(".")[1] ?? "";
		const view = await viewOf(key.id);
		assert.deepEqual(Object.keys(view ?? {}).sort(), ["createdAt", "createdBy", "id", "lastUsedAt", "name", "scopes"]);
		assert.equal(view?.createdBy, admin.user.id);
		for (const text of [JSON.stringify(view), JSON.stringify(await stored(key.id))]) assert.ok(!text.includes(secret));
	});

	it("are all different, in id and in secret", async () => {
		const keys = await Promise.all(Array.from({ length: 5 }, () => create()));
		assert.equal(new Set(keys.map(({ id }) => id)).size, 5);
		assert.equal(new Set(keys.map(({ secret }) => secret.split(".")[1])).size, 5);
	});

	it("are nobody's when the secret is another's, or one that nobody made", async () => {
		const [one, other] = [await create(), await create()];
		assert.equal(await verify(madeUpKey(one.id)), null);
		assert.equal(await verify(madeUpKey()), null);
		assert.equal(await verify(`souk_${one.id}.${other.secret.split(".")[1]}`), null);
	});

	it("are made and revoked by admins alone, and by people alone", async () => {
		const key = await create();
		const seller = await node.somebody({ role: "seller" });
		for (const [from, code] of [[seller.from, "FORBIDDEN"] as const, [{}, "UNAUTHORIZED"] as const]) {
			await refused(node.call("createKey", { name: "Mine", scopes: ["intake"] }, from), code);
			await refused(node.call("listKeys", {}, from), code);
			await refused(revoke(key.id, from), code);
		}
		assert.ok(await verify(key.secret));
	});

	it("have a name that can be shown and scopes that exist", async () => {
		for (const change of [
			{ name: "" },
			{ name: "  " },
			{ name: "a\u0007" },
			{ scopes: [] },
			{ scopes: ["admin"] },
			{ scopes: null },
		])
			await refused(create({}, change), "VALIDATION");
		await refused(create({}, { scopes: ["intake", "intake"] }), "VALIDATION");
	});

	it("are made once by a request that is repeated, with the same secret in each answer", async () => {
		const key = newId();
		const first = await create({ key });
		const { body, meta } = await node.callMeta<NewServiceKey>(
			"createKey",
			{ name: "Importer", scopes: ["intake"] },
			{ ...admin.from, key },
		);
		assert.deepEqual(body, first);
		assert.equal(meta.replayed, true);
		await refused(create({ key, hash: "other" }), "IDEMPOTENCY_KEY_REUSED");
		const together = await Promise.all(Array.from({ length: 4 }, () => create({ key: `${key}-2` })));
		for (const answer of together) assert.deepEqual(answer, together[0]);
		assert.equal((await list({ limit: 100 })).items.filter(({ id }) => id === together[0]?.id).length, 1);
	});

	it("are not shown again after a day, and not made anew after they were revoked", async () => {
		const key = newId();
		const made = await create({ key });
		clock.now = () => realNow() + 24 * 60 * 60_000;
		await refused(create({ key }), "TRANSITION_REFUSED");
		assert.ok(await verify(made.secret));
		clock.now = realNow;
		await revoke(made.id);
		await refused(create({ key }), "TRANSITION_REFUSED");
		assert.equal(await verify(made.secret), null);
	});

	it("survive a change of the signing keys", async () => {
		const made = await create();
		await node.call("rotateKeys");
		assert.ok(await verify(made.secret));
	});

	it("are over when they are revoked, and every node is told", async () => {
		const key = await create();
		await revoke(key.id);
		assert.deepEqual(revoked, [key.id]);
		assert.equal(await verify(key.secret), null);
		assert.equal(await viewOf(key.id), undefined);
		assert.equal((await stored(key.id))?.digest, undefined);
	});

	it("are revoked once; whoever tries again hears so, and the nodes hear it again", async () => {
		const key = await create();
		await revoke(key.id);
		await refused(revoke(key.id), "NOT_FOUND");
		assert.deepEqual(revoked, [key.id, key.id]);
		await refused(revoke(newId()), "NOT_FOUND");
		assert.equal(revoked.length, 2);
	});

	it("tell when they were last used, to the minute and with one write a minute", async () => {
		const key = await create();
		assert.equal((await viewOf(key.id))?.lastUsedAt, null);
		const keys = node.service.store.service_keys;
		const update = keys.update;
		let noted = 0;
		keys.update = async (...given) => {
			const changed = await update.apply(keys, given);
			if (changed) noted++;
			return changed;
		};
		undo = () => {
			keys.update = update;
		};
		const start = realNow();
		const usedAfter = async (ms: number) => {
			clock.now = () => start + ms;
			await Promise.all([verify(key.secret), verify(key.secret)]);
			return Date.parse((await viewOf(key.id))?.lastUsedAt ?? "") - start;
		};
		assert.equal(await usedAfter(0), 0);
		assert.equal(await usedAfter(59_999), 0);
		assert.equal(await usedAfter(60_000), 60_000);
		assert.equal(noted, 2);
	});

	it("are not used by a wrong secret", async () => {
		const key = await create();
		await verify(madeUpKey(key.id));
		assert.equal((await viewOf(key.id))?.lastUsedAt, null);
	});

	it("let their program in also when its use cannot be noted", async () => {
		const key = await create();
		const keys = node.service.store.service_keys;
		const update = keys.update;
		keys.update = () => Promise.reject(new StoreUnavailable("the disk is full"));
		undo = () => {
			keys.update = update;
		};
		assert.ok(await verify(key.secret));
		assert.equal((await viewOf(key.id))?.lastUsedAt, null);
	});

	it("are listed newest first, in pages, each once", async () => {
		const { items } = await list({ limit: 100 });
		for (const { id } of items) await revoke(id);
		const made: string[] = [];
		for (let n = 0; n < 5; n++) {
			clock.now = () => realNow() + n;
			made.unshift((await create({}, { name: `Key ${n}` })).id);
		}
		const seen: string[] = [];
		let cursor: string | null = null;
		do {
			const page: Listed = await list({ limit: 2, ...(cursor === null ? {} : { cursor }) });
			seen.push(...page.items.map(({ id }) => id));
			cursor = page.nextCursor;
		} while (cursor !== null);
		assert.deepEqual(seen, made);
		const users = await node.call<Listed>("listUsers", { limit: 1 }, admin.from);
		for (const wrong of ["x", users.nextCursor]) await refused(list({ cursor: wrong }), "VALIDATION");
	});
});

import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import type { User } from "../../../services/auth/user.ts";
import { type AuthNode, password, startAuthNode } from "../../support/auth-node.ts";
import { bothStores } from "../../support/both-stores.ts";
import { refused } from "../../support/refused.ts";

const someEmail = (): string => `${newId()}@example.com`;

bothStores("registering", (profile) => {
	let node: AuthNode;
	before(async () => {
		node = await startAuthNode(profile());
	});
	after(() => node?.stop());
	const users = () => node.service.store.users;

	it("makes an account that can log in, a buyer unless it says seller", async () => {
		const email = someEmail();
		const buyer = await node.register({ email, name: " Ana María " });
		assert.deepEqual(buyer, { id: buyer.id, email, name: "Ana María", roles: ["buyer"] });
		const seller = await node.register({ role: "seller" });
		assert.deepEqual(seller.roles, ["seller"]);
		const { user } = await node.login(email);
		assert.deepEqual(user, { ...buyer, emailVerified: false });
	});

	it("tells the other services in the same write", async () => {
		// As it is written: soon after, the event is delivered and leaves the document.
		const written: User[] = [];
		const { create } = users();
		users().create = (document) => {
			written.push(structuredClone(document));
			return create.call(users(), document);
		};
		try {
			const { id, email, name, roles } = await node.register();
			const [event] = written[0]?.outbox ?? [];
			assert.equal(event?.type, "user.registered");
			assert.equal(event?.subject, id);
			assert.deepEqual(event?.data, { userId: id, email, name, roles });
		} finally {
			users().create = create;
		}
	});

	it("keeps no password, only an Argon2id hash with today's parameters", async () => {
		const { id } = await node.register();
		const stored = await users().findById(id);
		assert.match(stored?.passwordHash ?? "", /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
		assert.ok(!JSON.stringify(stored).includes(password));
	});

	it("refuses an address that is taken, however it is written", async () => {
		const email = someEmail();
		await node.register({ email });
		await refused(node.register({ email: email.toUpperCase() }), "EMAIL_TAKEN");
		assert.equal((await node.login(email.toUpperCase())).user.email, email);
	});

	it("gives one account to one of many who register an address at once", async () => {
		const email = someEmail();
		const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => node.register({ email })));
		const made = outcomes.filter(({ status }) => status === "fulfilled");
		assert.equal(made.length, 1);
		for (const outcome of outcomes)
			if (outcome.status === "rejected") await refused(Promise.reject(outcome.reason), "EMAIL_TAKEN");
		assert.equal(await users().count({ emailKey: email }), 1);
	});

	it("takes nothing from the body but what an account may choose for itself", async () => {
		const { id } = await node.register({
			roles: ["admin"],
			admin: true,
			_id: "chosen",
			id: "chosen",
			suspended: true,
			emailVerified: true,
			version: 9,
			sessionEpoch: 0,
		});
		assert.notEqual(id, "chosen");
		const stored = await users().findById(id);
		assert.deepEqual(stored?.roles, ["buyer"]);
		assert.equal(stored?.admin, undefined);
		assert.equal(stored?.emailVerified, false);
		assert.equal(stored?.suspended, false);
		assert.equal(stored?.version, 1);
		await refused(node.register({ role: "admin" }), "VALIDATION");
	});

	it("says at the member of the body what is wrong with it", async () => {
		const pointers = async (change: object) =>
			(await refused(node.register(change), "VALIDATION")).extras.errors?.map(({ pointer }) => pointer);
		assert.deepEqual(await pointers({ password: "short" }), ["/password"]);
		assert.deepEqual(await pointers({ password: "password123" }), ["/password"]);
		assert.deepEqual(await pointers({ email: "nobody" }), ["/email"]);
		assert.deepEqual(await pointers({ name: " " }), ["/name"]);
		assert.deepEqual(await pointers({ name: "Ana\r\nBcc: x@example.com" }), ["/name"]);
		for (const name of ["\u200b\u200d", "Ana\u202enimda", "Ana\u2028To: Ben", "Ana \ud800"]) {
			assert.deepEqual(await pointers({ name }), ["/name"], JSON.stringify(name));
		}
		for (const name of ["Нина", "مريم\u200f", "👩‍🚀", "O’Neill-Ng"]) await node.register({ name });
	});

	it("makes one account of a request that comes again with its key, and gives the first answer", async () => {
		const body = { email: someEmail(), name: "Once" };
		const first = await node.register(body, { key: "k-once" });
		const again = await node.callMeta("register", { ...body, password }, { key: "k-once" });
		assert.deepEqual(again.body, first);
		assert.equal(again.meta.replayed, true);
		const { from } = await node.login(body.email);
		await node.call("updateMe", { name: "Twice" }, from);
		assert.deepEqual(await node.register(body, { key: "k-once" }), first);
	});

	it("refuses the key with another body or another password, which the hash of the body leaves out", async () => {
		const body = { email: someEmail() };
		await node.register(body, { key: "k-other" });
		await refused(node.register({ email: someEmail() }, { key: "k-other", hash: "another" }), "IDEMPOTENCY_KEY_REUSED");
		await refused(node.register({ ...body, password: "another good password" }, { key: "k-other" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("answers fifty requests at once with the same key alike, from one account", async () => {
		const body = { email: someEmail() };
		const answers = await Promise.all(Array.from({ length: 50 }, () => node.register(body, { key: "k-fifty" })));
		for (const answer of answers) assert.deepEqual(answer, answers[0]);
		assert.equal(await users().count({ emailKey: body.email }), 1);
	});
});

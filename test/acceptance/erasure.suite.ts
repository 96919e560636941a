import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { anIntakeDocument } from "../support/an-intake-document.ts";
import { type HttpClient, login } from "../support/http.ts";
import type { Kept } from "../support/kept-bytes.ts";
import { LiveSockets } from "../support/live-socket.ts";
import { type Market, openMarket, type Someone, signUp } from "../support/market.ts";
import { admin } from "../support/settings.ts";
import type { TestClock } from "../support/test-clock.ts";
import { until } from "../support/until.ts";

// What somebody was and said is looked for in every byte that is kept, before and a day after their account goes.

export interface ErasureWorld {
	api: HttpClient;
	clock: TestClock;
	/** Everything that is kept, and what was logged. */
	kept(): Promise<Kept>;
	/** Where something of each person must be to begin with. */
	places: readonly RegExp[];
	/** Something dies; what it misses it is not told of afterwards. */
	interrupt(): Promise<void>;
	/** It is back. */
	recover(): Promise<void>;
}

export const erasureEnv = (clock: TestClock): Record<string, string> => ({
	...clock.env,
	...{ RETAIN_EVERY: "200ms", LEASE_TIMEOUT_MS: "600", OUTBOX_KEEP_MS: "1000" },
	...{ ACCESS_TOKEN_TTL: "4d", ORDER_EXPIRES_AFTER: "90d", PAYMENT_DUE_AFTER: "90d" },
});

const password = "correct horse battery staple";
const hour = 3_600_000;

interface Person extends Someone {
	/** What nobody should find. */
	words: Record<string, string>;
}

const rare = (): string => randomBytes(5).toString("hex");

const somebody = async (api: HttpClient): Promise<Person> => {
	const words = {
		name: `Zoe Quince ${rare()}`,
		email: `zoe-${rare()}@quince.example`,
		phone: `+60${String(BigInt(`0x${rare()}`)).slice(0, 11)}`,
		address: `Tamarind Lane ${rare()}`,
		city: `Ipoh ${rare()}`,
		agent: `Browser ${rare()}`,
		reason: `I found it elsewhere ${rare()}`,
		said: `Meet me at the lighthouse ${rare()}`,
		digested: `Under the bridge ${rare()}`,
		edited: `No, at the harbour ${rare()}`,
	};
	const { email, name } = words;
	const made = await api.post("/v1/auth/register", { email, password, name, role: "buyer" });
	assert.equal(made.status, 201, made.text);
	const headers = { "user-agent": words.agent };
	const { body } = await api.post("/v1/auth/login", { email, password }, { headers });
	return { id: made.body.id, email, token: body.accessToken, words };
};

export const erasure = (world: () => ErasureWorld): void => {
	const sockets = new LiveSockets(() => api().url);
	after(() => sockets.closeAll());
	let market: Market;
	let [ann, ben]: Someone[] = [];
	let [zoe, yan]: Person[] = [];
	let operator: string;
	let pair: string;
	const orders: string[] = [];

	const api = (): HttpClient => world().api;
	const given = <T>(value: T | undefined): T => {
		assert.ok(value);
		return value;
	};
	const ok = async (answer: ReturnType<HttpClient["get"]>, status = 200) => {
		const { status: found, text, body } = await answer;
		assert.equal(found, status, text);
		return body;
	};
	const documentId = (person: Person): string => `intake${person.id.slice(0, 14)}`;
	const converse = async (from: Someone, to: Someone): Promise<string> =>
		(await ok(api().post("/v1/conversations", { memberIds: [to.id] }, { token: from.token }), 201)).streamId;
	const write = async (stream: string, from: Someone, text: string): Promise<string> =>
		(await ok(api().post(`/v1/conversations/${stream}/messages`, { text }, { token: from.token }), 201)).id;
	const inboxOf = (who: Someone | undefined) => ok(api().get("/v1/notifications?limit=100", { token: given(who).token }));
	const mailsTo = async (who: Someone | undefined, template: string) =>
		(await ok(api().get(`/v1/admin/mails?userId=${given(who).id}&limit=100`, { token: operator }))).items.filter(
			(mail: { template: string }) => mail.template === template,
		);

	const buy = async ({ token, words }: Person): Promise<string> => {
		const { name, phone, city, address, email } = words;
		const delivery = { name, phone, zip: "30000", city, address, region: "Perak", email };
		const body = { items: [{ productId: market.productId, quantity: 1 }], paymentMethod: "sandbox_success", delivery };
		const { id } = await ok(api().post("/v1/orders", body, { token, headers: { "idempotency-key": rare() } }), 201);
		const status = () => ok(api().get(`/v1/orders/${id}`, { token }));
		await until("the order to be paid", status, (order) => order.status === "paid");
		orders.push(id);
		return id;
	};

	/** All that a person does here, with all that is known of them in it. */
	const live = async (person: Person): Promise<string> => {
		const { token, words, id } = person;
		await buy(person);
		const delivered = await buy(person);
		await market.move(delivered, "ship", { carrier: "Pos", trackingNumber: "T1" }, market.seller.token);
		await market.move(delivered, "deliver", {}, market.seller.token);
		await ok(market.move(await buy(person), "cancel", { reason: words.reason }, token));
		const document = anIntakeDocument(documentId(person), { customer_id: id });
		const { name, phone, address, email } = words;
		Object.assign(document.delivery, { name, phone, address: address, email });
		await ok(api().post("/v1/orders/intake", document, { token: operator }), 201);
		const stream = await converse(person, given(ann));
		const message = await write(stream, person, given(words.said));
		await ok(api().patch(`/v1/conversations/${stream}/messages/${message}`, { text: words.edited }, { token }));
		await write(await converse(person, given(ben)), person, given(words.digested));
		await ok(api().post("/v1/auth/password-reset", { email }), 202);
		const socket = await sockets.dial({ stream, token }).ready();
		socket.close();
		return stream;
	};

	const has = (kept: Kept, words: readonly string[]): string[] =>
		[...kept].flatMap(([where, text]) => words.filter((word) => text.includes(word)).map((word) => `${where}: ${word}`));
	const wordsOf = (...people: (Person | undefined)[]): string[] => people.flatMap((person) => Object.values(given(person).words));

	before(async function () {
		this.timeout(90_000);
		operator = (await login(api(), admin.email, admin.password)).token;
		[market, ann, ben] = await Promise.all([openMarket(api()), signUp(api(), "buyer"), signUp(api(), "buyer")]);
		await ok(api().put("/v1/notifications/preferences", { digest: "hourly" }, { token: ben.token }));
		[zoe, yan] = await Promise.all([somebody(api()), somebody(api())]);
		pair = await live(zoe);
		await live(yan);
		await write(pair, ann, "And what I answered stays");
		await until("ann to be told of both", () => inboxOf(ann), ({ items }) => items.length === 2); // biome-ignore format: one line
		await until("ann's mails", () => mailsTo(ann, "unread-chat"), (all) => all.filter((mail: { status: string }) => mail.status === "sent").length === 2); // biome-ignore format: one line
		await until("zoe's mails", () => mailsTo(zoe, "password-reset"), ([mail]) => mail?.status === "sent"); // biome-ignore format: one line
	});

	it("is kept before, so that the search would find it", async () => {
		const kept = await world().kept();
		const found = has(kept, wordsOf(zoe, yan)).join("\n");
		for (const word of wordsOf(zoe, yan)) assert.ok(found.includes(word), `${word} is nowhere`);
		for (const person of [zoe, yan]) {
			const his = has(kept, wordsOf(person));
			for (const place of world().places) assert.ok(his.some((where) => place.test(where)), `nothing in ${place}`); // biome-ignore format: one line
		}
	});

	it("is gone from every byte that is kept within a day, whoever deleted the account and whatever died meanwhile", async function () {
		this.timeout(90_000);
		const before = await inboxOf(ann);
		await ok(api().delete("/v1/auth/me", { token: given(zoe).token }), 204);
		await world().interrupt();
		await ok(api().delete(`/v1/admin/users/${given(yan).id}`, { token: operator }), 202);
		await ok(api().delete(`/v1/admin/users/${given(yan).id}`, { token: operator }), 202);
		const refused = await api().post("/v1/auth/login", { email: given(yan).email, password });
		assert.equal(refused.status, 401);
		await world().clock.advance(2 * hour);
		await world().recover();
		await world().clock.advance(22 * hour);
		const words = wordsOf(zoe, yan);
		await until("everything to be gone", () => delay(1_000).then(async () => has(await world().kept(), words)), ({ length }) => length === 0, 60_000); // biome-ignore format: one line

		const { items, counters } = await inboxOf(ann);
		assert.deepEqual(counters, before.counters);
		const bare = (all: { id: string; seq: number }[]) => all.map(({ id, seq }) => [id, seq]);
		assert.deepEqual(bare(items), bare(before.items));
		assert.deepEqual(items.map(({ body, erased }: { body: unknown; erased?: true }) => [body, erased]), [[null, true], [null, true]]); // biome-ignore format: one line
	});

	it("leaves what others said, the places of what is gone, and the books", async () => {
		const { token } = given(ann);
		const socket = await sockets.dial({ stream: pair, token, auth: { after: 0 } }).ready();
		await until("the conversation", async () => socket.entries, ({ length }) => length === 3); // biome-ignore format: one line
		const told = socket.entries.map(({ seq, body, erased }) => [seq, (body as { text?: string } | null)?.text ?? null, erased]);
		assert.deepEqual(told, [[1, null, true], [2, null, true], [3, "And what I answered stays", undefined]]); // biome-ignore format: one line
		for (const id of orders) {
			const order = await ok(api().get(`/v1/orders/${id}`, { token: market.seller.token }));
			assert.deepEqual([order.delivery, order.totals.total.amount, typeof order.buyerId], [undefined, 9_900, "string"]);
		}
		const document = await api().get(`/order/${documentId(given(zoe))}`, { token: operator });
		assert.equal(document.status, 404);
		const again = anIntakeDocument(documentId(given(zoe)), { customer_id: given(zoe).id });
		const { status } = await api().post("/v1/orders/intake", again, { token: operator });
		assert.equal(status, 409, "its id is taken still");
	});
};

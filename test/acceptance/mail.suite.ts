import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import type { Email } from "postal-mime";
import type { MailView } from "../../contracts/http/mails.ts";
import { newId } from "../../contracts/ids.ts";
import { assertAnnounced, type Json } from "../support/announced.ts";
import { verifyDkim } from "../support/dkim.ts";
import { type HttpClient, login, type Say } from "../support/http.ts";
import { type Market, openMarket, type Someone } from "../support/market.ts";
import type { SmtpSink } from "../support/smtp.ts";
import { admin } from "../support/souk.ts";
import type { TestClock } from "../support/test-clock.ts";
import { until } from "../support/until.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });

/** Settings of the nodes, beside SMTP_URL. */
export const mailEnv = {
	PUBLIC_URL: "https://souk.example",
	MAIL_FROM: "Souk <no-reply@souk.example>",
	...{ DKIM_DOMAIN: "souk.example", DKIM_SELECTOR: "tests" },
	DKIM_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
	RECONCILE_EVERY_MS: "200",
} as const;

export const smtpUrlOf = ({ url }: SmtpSink): string =>
	`${url}?connectionTimeout=2000&greetingTimeout=2000&socketTimeout=2000&maxConnections=3`;

export interface Mailed {
	api: HttpClient;
	smtp: SmtpSink;
	time: TestClock;
	embedded: boolean;
}

/** What people get in their mailboxes, from outside: requests over HTTP, and a real SMTP server. */
export const mailing = (souk: () => Mailed): void => {
	let market: Market;
	let operator: Say = {};
	let document: Json;
	before(async () => {
		const { api } = souk();
		market = await openMarket(api);
		operator = { token: (await login(api, admin.email, admin.password)).token };
		document = (await api.get("/openapi.json")).body;
	});
	afterEach(() => souk().smtp.mend());

	/** What is in somebody's mailbox by subject, once it holds a mail of that subject. */
	const received = async ({ email }: Pick<Someone, "email">, subject: RegExp): Promise<{ mail: Email; raw: Buffer }> => {
		const { smtp } = souk();
		const find = async () => {
			const all = await smtp.parsed(email);
			const index = all.findIndex((mail) => subject.test(mail.subject ?? ""));
			const [mail, raw] = [all[index], smtp.to(email)[index]?.raw];
			return mail && raw ? { mail, raw } : null;
		};
		const found = await until(`a mail ${subject} to ${email}`, find, (one) => one !== null);
		if (!found) throw new Error("until() answered without a mail");
		return found;
	};
	const subjectsOf = async ({ email }: Someone): Promise<string[]> =>
		(await souk().smtp.parsed(email)).map(({ subject = "" }) => subject).sort();
	const tokenIn = ({ text = "" }: Email): string => decodeURIComponent(/#token=([^\s)]+)/.exec(text)?.[1] ?? "");
	const mailsOf = async (query: string): Promise<MailView[]> => {
		const answer = await souk().api.get(`/v1/admin/mails?limit=100&${query}`, operator);
		assertAnnounced(document, "GET", "/v1/admin/mails", answer);
		return answer.body.items;
	};
	const untilMail = async ({ id }: Someone, template: string, holds: (mail: MailView) => boolean): Promise<MailView> => {
		const read = async () => (await mailsOf(`userId=${id}`)).filter((mail) => mail.template === template);
		const [mail] = await until(`the mail ${template} of ${id}`, read, (all) => all.length === 1 && all.every(holds));
		return mail as MailView; // there is exactly one
	};
	/** Moves the time on, and logs the operator in again: nobody's token outlives it. */
	const later = async (ms: number): Promise<void> => {
		await souk().time.advance(ms);
		operator = { token: (await login(souk().api, admin.email, admin.password)).token };
	};

	it("welcomes who registers with a link that verifies their address", async () => {
		const { api } = souk();
		const newcomer = await market.newcomer("buyer");
		const { mail } = await received(newcomer, /^Welcome/);
		assert.match(mail.text ?? "", /https:\/\/souk\.example\/app\/verify-email#token=/);
		assert.equal((await api.get("/v1/auth/me", { token: newcomer.token })).body.emailVerified, false);
		const verified = await api.post("/v1/auth/verify-email", { token: tokenIn(mail) });
		assert.ok(verified.status < 300, verified.text);
		assert.equal((await api.get("/v1/auth/me", { token: newcomer.token })).body.emailVerified, true);
	});

	it("lets who forgot their password choose another by a mailed link, and tells them that it was changed", async () => {
		const { api } = souk();
		const forgetful = await market.newcomer("buyer");
		assert.equal((await api.post("/v1/auth/password-reset", { email: forgetful.email })).status, 202);
		const { mail } = await received(forgetful, /^Reset/);
		const password = "another passphrase of the tests";
		const confirmed = await api.post("/v1/auth/password-reset/confirm", { token: tokenIn(mail), password });
		assert.ok(confirmed.status < 300, confirmed.text);
		await login(api, forgetful.email, password);
		await received(forgetful, /was changed/);
	});

	it("tells buyer and seller of an order by mail, each of each step once, signed for all to check", async () => {
		const [{ buyer, seller }, token] = [market, market.seller.token];
		const order = await market.place({});
		await market.until(order.id, "paid");
		const { mail, raw } = await received(seller, /^New purchase order: Satay$/);
		assert.deepEqual(mail.to, [{ name: "A seller", address: seller.email }]);
		const verdict = verifyDkim(raw, publicKey);
		assert.deepEqual([verdict.ok, verdict.why, verdict.domain, verdict.selector], [true, "", "souk.example", "tests"]);

		for (const field of ["list-unsubscribe", "list-unsubscribe-post"]) assert.ok(verdict.signed.includes(field), field);

		await market.move(order.id, "ship", { carrier: "Pos", trackingNumber: "T1" }, token);
		await market.move(order.id, "deliver", {}, token);
		const done = (all: MailView[]): boolean => all.length === 4 && all.every(({ status }) => status === "sent");
		const toBuyer = await until("the mails of the buyer", () => mailsOf(`userId=${buyer.id}`), done);
		assert.deepEqual(toBuyer.map(({ template }) => template).sort(), ["order-delivered", "order-paid", "order-shipped", "welcome"]); // biome-ignore format: one line
		assert.equal((await subjectsOf(buyer)).length, 4);
		assert.equal((await subjectsOf(seller)).length, 2);
	});

	it("tells of an order that was declined, cancelled and refunded", async () => {
		const unlucky = await openMarket(souk().api);
		const declined = await unlucky.place({ paymentMethod: "sandbox_declined" });
		await unlucky.until(declined.id, "payment_declined");
		const paid = await unlucky.place({});
		await unlucky.until(paid.id, "paid");
		await unlucky.move(paid.id, "cancel", {});
		for (const template of ["order-declined", "order-paid", "order-cancelled", "refunded"])
			await untilMail(unlucky.buyer, template, ({ status }) => status === "sent");
	});

	it("tries again what the server does not take yet, and moves on with everybody else meanwhile", async () => {
		const { smtp } = souk();
		const [late, other] = [await openMarket(souk().api), await openMarket(souk().api)];
		await untilMail(late.seller, "welcome", ({ status }) => status === "sent");
		smtp.fault({ on: "rcpt", to: late.seller.email, answer: { code: 451, text: "4.3.0 come again" } });
		await late.place({});
		await other.place({});
		const waiting = await untilMail(late.seller, "purchase", ({ tries }) => tries === 1);
		assert.match(waiting.reason ?? "", /451 4\.3\.0 come again/);
		assert.deepEqual([waiting.status, waiting.attempts[0]?.code], ["queued", 451]);
		await received(other.seller, /^New purchase order/);
		smtp.mend();
		await later(70_000);
		await untilMail(late.seller, "purchase", ({ status }) => status === "sent");
		assert.equal((await subjectsOf(late.seller)).filter((subject) => subject.startsWith("New purchase")).length, 1);
	});

	it("moves on past a server that hangs, and past one that goes away in the middle of a message", async () => {
		const { smtp } = souk();
		const [hanging, cut, other] = [await openMarket(souk().api), await openMarket(souk().api), await openMarket(souk().api)];
		for (const { seller } of [hanging, cut]) await untilMail(seller, "welcome", ({ status }) => status === "sent");
		smtp.fault({ on: "rcpt", to: hanging.seller.email, answer: "hang" });
		smtp.fault({ on: "data", to: cut.seller.email, answer: "drop" });
		for (const { place } of [hanging, cut, other]) await place({});
		await received(other.seller, /^New purchase order/);
		const silent = await untilMail(hanging.seller, "purchase", ({ tries }) => tries === 1);
		const dropped = await untilMail(cut.seller, "purchase", ({ tries }) => tries === 1);
		assert.deepEqual([silent.attempts[0]?.outcome, dropped.attempts[0]?.outcome], ["retry", "unknown"]);
		smtp.mend();
		await later(70_000);
		for (const { seller } of [hanging, cut]) await untilMail(seller, "purchase", ({ status }) => status === "sent");
		assert.deepEqual([smtp.to(hanging.seller.email).length, smtp.to(cut.seller.email).length], [2, 2]);
	});

	it("sends no more of a kind after one click, and looking at the link is no click", async () => {
		const { api } = souk();
		const shop = await openMarket(api);
		const placed = async (): Promise<void> => void (await shop.place({}));
		const count = async (holds: (mails: MailView[]) => boolean): Promise<MailView[]> =>
			until(
				"the mails of the seller",
				async () => (await mailsOf(`userId=${shop.seller.id}`)).filter(({ template }) => template === "purchase"),
				(mails) => mails.every(({ status }) => status !== "queued") && holds(mails),
			);
		await placed();
		const { mail } = await received(shop.seller, /^New purchase order/);
		const header = mail.headers.find(({ key }) => key === "list-unsubscribe")?.value ?? "";
		const link = new URL(/^<(.*)>$/.exec(header)?.[1] ?? "");
		const path = `${link.pathname}${link.search}`;
		assert.equal((await api.get(path)).status, 200);
		await placed();
		await count(({ length }) => length === 2);
		const headers = { "content-type": "application/x-www-form-urlencoded" };
		const clicked = await api.post(path, "List-Unsubscribe=One-Click", { headers });
		assert.equal(clicked.status, 200, clicked.text);
		await placed();
		const [newest, ...older] = await count(({ length }) => length === 3);
		assert.deepEqual([newest?.status, ...older.map(({ status }) => status)], ["dropped", "sent", "sent"]);
	});

	it("writes no more to an address of which the server says that there is nobody, until an operator says so", async () => {
		const { api, smtp } = souk();
		const email = `nobody-${newId()}@example.com`;
		smtp.fault({ on: "rcpt", to: email, answer: { code: 550, text: "5.1.1 no such user" } });
		const person = { email, password: "correct horse battery staple", name: "A nobody" };
		const made = await api.post("/v1/auth/register", person);
		assert.equal(made.status, 201, made.text);
		const nobody = { id: made.body.id as string, email, token: "" };
		const refused = await untilMail(nobody, "welcome", ({ status }) => status === "suppressed");
		assert.match(refused.reason ?? "", /550 5\.1\.1 no such user/);
		smtp.mend();
		await api.post("/v1/auth/password-reset", { email });
		await untilMail(nobody, "password-reset", ({ status }) => status === "suppressed");
		assert.deepEqual(smtp.to(nobody.email), []);

		const headers = { "idempotency-key": `again-${nobody.id}` };
		const path = `/v1/admin/mails/${refused.id}/retry`;
		const again = await api.post(path, {}, { ...operator, headers });
		assertAnnounced(document, "POST", path, again);
		assert.deepEqual([again.status, again.body.status], [202, "queued"]);
		await untilMail(nobody, "welcome", ({ status }) => status === "sent");
		const repeated = await api.post(path, {}, { ...operator, headers });
		assert.deepEqual([repeated.status, repeated.headers.get("idempotency-replayed")], [202, "true"]);
		assert.equal((await api.post(path, {}, operator)).status, 409);
		assert.equal(smtp.to(nobody.email).length, 1);
	});

	it("shows mails to admins alone, and what they say only where everything runs in one process", async () => {
		const { api, embedded } = souk();
		const [mail] = await mailsOf(`userId=${market.seller.id}&status=sent`);
		assert.equal(mail?.body?.subject, embedded ? "New purchase order: Satay" : undefined);
		const [welcome] = (await mailsOf(`userId=${market.seller.id}`)).filter(({ template }) => template === "welcome");
		assert.ok(!JSON.stringify(welcome).includes(tokenIn((await received(market.seller, /^Welcome/)).mail)));
		assert.equal((await api.get("/v1/admin/mails", { token: market.buyer.token })).status, 403);
		for (const query of ["status=none", "cursor=none", "limit=0"])
			assert.equal((await api.get(`/v1/admin/mails?${query}`, operator)).status, 400, query);
		const { body } = await api.get("/health");
		const queue = body.consumers.find(({ group }: Json) => group === "mails");
		assert.deepEqual([queue?.ok, typeof queue?.lag], [true, "number"]);
	});
};

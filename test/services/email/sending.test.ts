import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { type DomainEvent, eventSchema } from "../../../contracts/events.ts";
import type { MailView } from "../../../contracts/http/mails.ts";
import { compileCheck } from "../../../middlewares/field-errors.ts";
import { mostTries } from "../../../services/email/retry.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type EmailNode, orderBetween, someone, startEmailNode } from "../../support/email-node.ts";
import { type SmtpSink, startSmtp } from "../../support/smtp.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const is =
	(status: MailView["status"]) =>
	(mail: MailView): boolean =>
		mail.status === status;

const hour = 3_600_000;

bothStores("Mails over SMTP", (profile) => {
	let smtp: SmtpSink;
	let node: EmailNode;
	let dir = "";
	let count = 0;
	const realNow = clock.now;
	let ahead = 0;

	before(async function () {
		this.timeout(30_000);
		dir = await tempDir("mail");
		smtp = await startSmtp();
		clock.now = () => realNow() + ahead;
		const url = `${smtp.url}?connectionTimeout=1000&greetingTimeout=1000&socketTimeout=300&maxConnections=3`;
		node = await startEmailNode(profile(), { dataDir: dir, smtpUrl: url });
	});
	afterEach(() => smtp?.mend());
	after(async () => {
		await node?.stop();
		await smtp?.stop();
		await removeDir(dir);
		clock.now = realNow;
	});

	/** Somebody with an account, and their address. */
	const newcomer = (address?: string): { id: string; address: string } => {
		const id = `p${++count}`;
		const contact = someone(id, address);
		node.people?.set(id, contact);
		return { id, address: contact.email };
	};
	const tellOfOrder = (sellerId: string): Promise<string> => node.tell("order.placed", orderBetween("bea", sellerId));
	const eventsOf = ({ id }: MailView): DomainEvent[] => node.heard.filter(({ subject }) => subject === id);
	const untilTold = (mail: MailView, type: string) =>
		until(`${type} of ${mail.id}`, async () => eventsOf(mail), (events) => events.some((event) => event.type === type)); // biome-ignore format: one line

	it("reach whoever they are for, once, with what happened in them", async () => {
		const { id, address } = newcomer();
		const eventId = await tellOfOrder(id);
		const mail = await node.until(id, is("sent"));
		const [message, ...more] = await smtp.parsed(address);
		assert.deepEqual(more, []);
		assert.equal(message?.subject, "New purchase order: Chicken wing");
		assert.deepEqual(message?.to, [{ name: `${id} Example`, address }]);
		assert.deepEqual(message?.from, { name: "Souk", address: "no-reply@souk.example" });
		assert.equal(message?.messageId, `<${mail.id}@souk.example>`);
		assert.match(message?.text ?? "", /Chicken wing/);
		assert.match(message?.html ?? "", /Chicken wing/);
		assert.deepEqual([mail.template, mail.kind, mail.eventId], ["purchase", "purchase_notification", eventId]);
		assert.deepEqual(
			mail.attempts.map(({ outcome, code }) => [outcome, code]),
			[["sent", 250]],
		);
		await untilTold(mail, "email.sent");
		const facts = { mailId: mail.id, userId: id, template: "purchase", kind: "purchase_notification", eventId };
		assert.deepEqual(
			eventsOf(mail).map(({ type, data }) => [type, data]),
			[["email.sent", facts]],
		);
	});

	it("are tried again after a 4xx, later each time, and given up after a day with the server's words", async () => {
		const { id, address } = newcomer();
		smtp.fault({ on: "rcpt", to: address, answer: { code: 451, text: "4.3.0 come again" } });
		await tellOfOrder(id);
		const began = clock.now();
		const waits: number[] = [];
		for (let tries = 1; tries < mostTries; tries++) {
			const mail = await node.until(id, (found) => found.tries === tries && found.status === "queued");
			assert.match(mail.reason ?? "", /^RCPT TO: 451 4\.3\.0 come again/);
			const wait = Date.parse(mail.dueAt ?? "") - clock.now();
			waits.push(wait);
			ahead += Math.max(0, wait);
			node.service.sending?.wake();
		}
		const mail = await node.until(id, is("failed"));
		assert.deepEqual(waits, [...waits].sort((a, b) => a - b)); // biome-ignore format: one line
		assert.ok(Math.abs(clock.now() - began - 24 * hour) < hour / 10, `${clock.now() - began} ms`);
		assert.equal(mail.attempts.length, mostTries);
		assert.ok(mail.attempts.every(({ outcome, code }) => outcome === "retry" && code === 451));
		assert.match(mail.reason ?? "", /^given up after 10 tries: RCPT TO: 451/);
		const events = await untilTold(mail, "email.failed");
		assert.deepEqual(
			events.map(({ type, data }) => [type, "status" in data && data.status]),
			[["email.failed", "failed"]],
		);
		assert.deepEqual(smtp.to(address), []);
	});

	it("arrive after the server has said 421, once it takes them", async () => {
		const { id, address } = newcomer();
		smtp.fault({ on: "rcpt", to: address, answer: { code: 421, text: "4.3.2 closing" } });
		await tellOfOrder(id);
		const { attempts } = await node.until(id, ({ tries }) => tries === 1);
		smtp.mend();
		assert.deepEqual([attempts[0]?.outcome, attempts[0]?.code], ["retry", 421]);
		ahead += hour;
		await node.until(id, is("sent"));
		assert.equal(smtp.to(address).length, 1);
	});

	it("go nowhere any more where the server has said that there is nobody, and everywhere else as before", async () => {
		const { id, address } = newcomer();
		const other = newcomer();
		smtp.fault({ on: "rcpt", to: address, answer: { code: 550, text: "5.1.1 no such user" } });
		await Promise.all([tellOfOrder(id), tellOfOrder(other.id)]);
		const mail = await node.until(id, is("suppressed"));
		assert.match(mail.reason ?? "", /550 5\.1\.1 no such user/);
		const [event] = await untilTold(mail, "email.failed");
		assert.equal(event && "status" in event.data && event.data.status, "suppressed");
		await node.until(other.id, is("sent"));

		smtp.mend();
		const before = smtp.tried.length;
		const again = newcomer(address.toUpperCase());
		await tellOfOrder(again.id);
		const next = await node.until(again.id, is("suppressed"));
		assert.match(next.reason ?? "", /takes no mail, since .*no such user/);
		assert.deepEqual([next.attempts, smtp.tried.length], [[], before]);
	});

	it("fail at once at any other 5xx, and the address is not to blame", async () => {
		const { id, address } = newcomer();
		smtp.fault({ on: "stored", to: address, answer: { code: 554, text: "5.7.1 looks like spam" }, times: 1 });
		await tellOfOrder(id);
		const mail = await node.until(id, is("failed"));
		assert.match(mail.reason ?? "", /554 5\.7\.1 looks like spam/);
		const next = newcomer(address);
		await tellOfOrder(next.id);
		await node.until(next.id, is("sent"));
	});

	it("do not wait behind one that the server never answers", async () => {
		const { id, address } = newcomer();
		smtp.fault({ on: "rcpt", to: address, answer: "hang" });
		await tellOfOrder(id);
		await until("the server to be asked", async () => smtp.tried.includes(address), Boolean);
		const others = Array.from({ length: 12 }, () => newcomer());
		await Promise.all(others.map((other) => tellOfOrder(other.id)));
		for (const other of others) await node.until(other.id, is("sent"));
		const mail = await node.until(id, ({ tries }) => tries === 1);
		assert.equal(mail.attempts[0]?.outcome, "retry");
		assert.match(mail.reason ?? "", /timeout|did not answer/i);
		smtp.mend();
		ahead += hour;
		await node.until(id, is("sent"));
		assert.equal(smtp.to(address).length, 1);
	});

	it("are tried again when the connection is lost in DATA, with a note that they may have arrived", async () => {
		const { id, address } = newcomer();
		smtp.fault({ on: "data", to: address, answer: "drop", times: 1 });
		await tellOfOrder(id);
		const first = await node.until(id, ({ tries }) => tries === 1);
		assert.deepEqual([first.status, first.attempts[0]?.outcome], ["queued", "unknown"]);
		assert.match(first.reason ?? "", /^DATA: /);
		assert.equal(smtp.tried.filter((one) => one === address).length, 1); // nothing in between tried it behind our back
		ahead += hour;
		await node.until(id, is("sent"));
		assert.equal(smtp.to(address).length, 1);
	});

	it("are counted as perhaps repeated when the server took one and its answer was lost", async () => {
		const { id, address } = newcomer();
		smtp.fault({ on: "stored", to: address, answer: "drop", times: 1 });
		await tellOfOrder(id);
		await node.until(id, ({ tries }) => tries === 1);
		ahead += hour;
		const mail = await node.until(id, is("sent"));
		assert.deepEqual(
			mail.attempts.map(({ outcome }) => outcome),
			["unknown", "sent"],
		);
		const ids = smtp.to(address).map((message) => message.id);
		assert.deepEqual(ids, [`${mail.id}@souk.example`, `${mail.id}@souk.example`]); // a mailbox can tell by that
	});

	it("end where nobody active has the account, and where they are switched off, with the reason kept", async () => {
		await tellOfOrder("nobody");
		assert.match((await node.until("nobody", is("dropped"))).reason ?? "", /nobody active/);
		const { id, address } = newcomer();
		node.preferences.set(id, { kinds: { purchase_notification: { inbox: true, email: false } } });
		await tellOfOrder(id);
		assert.match((await node.until(id, is("dropped"))).reason ?? "", /switched off/);
		assert.deepEqual(smtp.to(address), []);
	});

	it("never reach a second address or another header by way of what somebody registered with", async () => {
		const addresses = ["a@x.example, b@x.example", "a@x.example\r\nBcc: b@x.example", "Ann <a@x.example>", "a@b@x.example"];
		const before = smtp.tried.length;
		for (const address of addresses) {
			const { id } = newcomer(address);
			await tellOfOrder(id);
			assert.match((await node.until(id, is("failed"))).reason ?? "", /address/);
		}
		assert.equal(smtp.tried.length, before);
		const { id, address } = newcomer();
		node.people?.set(id, { ...someone(id), name: 'Eve\r\nBcc: x@x.example, "y" <y@y.example>' });
		await tellOfOrder(id);
		await node.until(id, is("sent"));
		const [message] = await smtp.parsed(address);
		assert.deepEqual([message?.bcc, message?.to?.length, smtp.to(address)[0]?.to], [undefined, 1, [address]]);
	});

	it("wait without losing a try while auth is away", async () => {
		const { id } = newcomer();
		const { people } = node;
		node.people = null;
		await tellOfOrder(id);
		await node.until(id, ({ dueAt, createdAt }) => Date.parse(dueAt ?? "") > Date.parse(createdAt));
		node.people = people;
		const mail = await node.until(id, is("sent"));
		assert.equal(mail.tries, 1);
	});

	it("are sent again when an operator wants it, and the address is given another chance", async () => {
		const { id, address } = newcomer();
		smtp.fault({ on: "rcpt", to: address, answer: { code: 550, text: "5.1.1 no such user" }, times: 1 });
		await tellOfOrder(id);
		const failed = await node.until(id, is("suppressed"));
		const request = { key: "again-1", hash: "h", named: true };
		const asked = await node.call<MailView>("retryMail", { id: failed.id }, { request });
		assert.deepEqual([asked.status, asked.tries, asked.version], ["queued", 0, failed.version + 1]);
		const mail = await node.until(id, is("sent"));
		assert.equal(smtp.to(address).length, 1);
		assert.deepEqual(await node.call<MailView>("retryMail", { id: failed.id }, { request }), {
			...asked,
			attempts: mail.attempts,
		});
		await assert.rejects(node.call("retryMail", { id: failed.id }), { type: "TRANSITION_REFUSED" });
		await assert.rejects(node.call("retryMail", { id: "none" }), { type: "NOT_FOUND" });
		assert.equal(smtp.to(address).length, 1);
	});

	it("are listed newest first, by status and by user, page by page", async () => {
		const all = await node.mails();
		const paged: MailView[] = [];
		for (let cursor: string | null | undefined; cursor !== null; ) {
			const params: object = { limit: 7, ...(cursor && { cursor }) };
			const page: { items: MailView[]; nextCursor: string | null } = await node.call("mails", params);
			paged.push(...page.items);
			cursor = page.nextCursor;
		}
		assert.deepEqual(paged.map(({ id }) => id), all.map(({ id }) => id)); // biome-ignore format: one line
		const times = all.map(({ createdAt }) => createdAt);
		assert.deepEqual(times, [...times].sort().reverse());
		const suppressed = await node.mails({ status: "suppressed" });
		assert.ok(suppressed.length > 0 && suppressed.every(is("suppressed")));
		assert.deepEqual(suppressed.length, all.filter(is("suppressed")).length);
		await assert.rejects(node.call("mails", { cursor: "none" }), { type: "VALIDATION" });
		await assert.rejects(node.call("mails", {}, { user: { id: "bea", roles: ["buyer"], sessionId: "s" } }), {
			type: "FORBIDDEN",
		});
	});

	it("tell other services what became of them, as the table of events has it", async () => {
		const all = await node.mails();
		for (const mail of all.filter(({ status }) => status === "sent")) await untilTold(mail, "email.sent");
		for (const mail of all.filter(({ status }) => status === "failed" || status === "suppressed"))
			await untilTold(mail, "email.failed");
		assert.deepEqual(new Set(node.heard.map(({ type }) => type)), new Set(["email.sent", "email.failed"]));
		for (const event of node.heard) assert.deepEqual(compileCheck(eventSchema(event.type))(event), null, JSON.stringify(event));
	});

	it("hold nothing of what they said, and are sent no more, once the account is deleted", async () => {
		const { id, address } = newcomer();
		smtp.fault({ on: "rcpt", to: address, answer: { code: 451, text: `4.3.0 <${address}> come again` }, times: 1 });
		await tellOfOrder(id);
		const waiting = await node.until(id, ({ tries }) => tries === 1);
		assert.ok(waiting.reason?.includes(address));
		node.people?.delete(id);
		await node.tell("user.deleted", { userId: id });
		const mail = await node.until(id, is("dropped"));
		assert.deepEqual([mail.reason, mail.attempts.map(({ reason }) => reason)], ["the account was deleted", [undefined]]);
		const stored = await node.service.store.mails.findById(mail.id);
		assert.deepEqual(stored?.data, {});
		assert.ok(!JSON.stringify(stored).includes(address));
	});

	it("say what they say to an operator of one process, and let nobody in by it", async () => {
		const { id, address } = newcomer();
		await node.tell("user.password_reset_requested", { userId: id, requestId: "r1" });
		const { body } = await node.until(id, is("sent"));
		const [message] = await smtp.parsed(address);
		assert.equal(body?.subject, message?.subject);
		assert.match(message?.text ?? "", /#token=token-of-reset/);
		assert.match(body?.text ?? "", /#token=hidden/);
		const stored = await node.service.store.mails.find({ where: { userId: id } });
		assert.ok(!JSON.stringify(stored).includes("token-of-reset"));
	});

	it("end where the link that they carry has become useless, and where something that they should show is missing", async () => {
		const { id } = newcomer();
		node.tokens.set("verification", null);
		await node.tell("user.registered", { userId: id, email: "x@x.example", name: "X", roles: ["buyer"] });
		assert.match((await node.until(id, is("dropped"))).reason ?? "", /useless/);
		const other = newcomer();
		await node.tell("order.placed", { ...orderBetween("bea", other.id), total: undefined as never });
		assert.match((await node.until(other.id, is("failed"))).reason ?? "", /lacks \/amount/);
	});
});

import assert from "node:assert/strict";
import type { MailView } from "../../contracts/http/mails.ts";
import { type HttpClient, login } from "../support/http.ts";
import { headerOf, type Mailbox, mailboxOf } from "../support/mailbox.ts";
import { openMarket, type Someone, signUp } from "../support/market.ts";
import { admin } from "../support/settings.ts";
import type { SmtpSink } from "../support/smtp.ts";
import type { TestClock } from "../support/test-clock.ts";
import { until } from "../support/until.ts";

/** Where people find these Souks; the test goes to the gateway itself. */
const publicUrl = "https://souk.example";

export const mailPreferencesEnv = (smtp: SmtpSink, clock: TestClock): Record<string, string> => ({
	...clock.env,
	SMTP_URL: smtp.url,
	PUBLIC_URL: publicUrl,
	// Days pass here, and nobody is to sign in again for that.
	ACCESS_TOKEN_TTL: "90d",
	ORDER_EXPIRES_AFTER: "90d",
	PAYMENT_DUE_AFTER: "90d",
});

export interface MailWorld {
	api: HttpClient;
	smtp: SmtpSink;
	clock: TestClock;
	/** Those that send mail are killed and started again. */
	restart(): Promise<void>;
}

const minute = 60_000;
const hour = 60 * minute;
const unread = /^New message from /;

/** What people want to get by mail, and when: over HTTP and SMTP alone, with a clock that the test moves. */
export const mailPreferences = (world: () => MailWorld): void => {
	let [ann, bo, cy]: Someone[] = [];
	let operator: string;
	const conversations = new Map<Someone, string>();

	const api = (): HttpClient => world().api;
	const someone = (person: Someone | undefined): Someone => {
		assert.ok(person);
		return person;
	};
	const box = (person: Someone | undefined): Mailbox => mailboxOf(world().smtp, someone(person).email);
	const ok = async (answer: ReturnType<HttpClient["get"]>, status = 200) => {
		const { status: found, text, body } = await answer;
		assert.equal(found, status, text);
		return body;
	};
	const prefer = (person: Someone | undefined, change: object) =>
		ok(api().put("/v1/notifications/preferences", change, { token: someone(person).token }));
	const preferencesOf = (person: Someone | undefined) =>
		ok(api().get("/v1/notifications/preferences", { token: someone(person).token }));
	/** To bo, or what bo answers. */
	const write = async (from: Someone | undefined, text: string, to = from): Promise<number> => {
		const { token } = someone(from);
		const path = `/v1/conversations/${conversations.get(someone(to))}/messages`;
		return (await ok(api().post(path, { text }, { token }), 201)).seq;
	};
	const mailsOf = async (person: Someone | undefined): Promise<MailView[]> =>
		(await ok(api().get(`/v1/admin/mails?userId=${someone(person).id}&limit=100`, { token: operator }))).items;
	const untilMails = (what: string, person: Someone | undefined, holds: (mails: MailView[]) => boolean): Promise<MailView[]> =>
		until(what, () => mailsOf(person), holds);

	/** Of all processes: a token tells by whose time it was made. */
	const advance = async (ms: number): Promise<void> => {
		await world().clock.advance(ms);
		const wanted = world().clock.now;
		const issued = async (): Promise<number> => {
			const { token } = await login(api(), admin.email, admin.password);
			operator = token;
			return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).iat * 1_000;
		};
		await until("the clock", issued, (iat) => iat > wanted - minute);
	};
	const untilNoneWaits = () =>
		until(
			"the messages to be handled",
			() => ok(api().get("/health")),
			({ consumers }) =>
				consumers.some(
					({ group, lag, inFlight }: { group: string; lag: number; inFlight: number }) =>
						group === "email_chat" && lag === 0 && inFlight === 0,
				),
		);

	before(async () => {
		[ann, bo, cy] = await Promise.all([signUp(api(), "buyer"), signUp(api(), "buyer"), signUp(api(), "buyer")]);
		operator = (await login(api(), admin.email, admin.password)).token;
		for (const from of [ann, cy]) {
			const { token } = someone(from);
			const made = await ok(api().post("/v1/conversations", { memberIds: [someone(bo).id] }, { token }), 201);
			conversations.set(someone(from), made.streamId);
		}
	});

	it("tells of a conversation once in ten minutes, and of what is written after that again", async () => {
		await write(ann, "Hello <b>bo</b>");
		const first = await box(bo).has(1, unread);
		assert.equal(first.subject, "New message from A buyer");
		assert.match(first.text ?? "", /> Hello <b>bo<\/b>/);
		assert.match(first.html ?? "", /Hello &lt;b&gt;bo&lt;\/b&gt;/);
		await write(ann, "Are you there?");
		await write(cy, "I am another one");
		await box(bo).has(2, unread);
		await advance(11 * minute);
		await write(ann, "Later");
		assert.match((await box(bo).has(3, unread)).text ?? "", /> Later/);
	});

	it("sends no mail of a kind that is off, and still tells the inbox, until it is on again", async () => {
		await advance(11 * minute);
		await prefer(bo, { kinds: { chat_notification: { email: false } } });
		await write(ann, "Nobody mails this");
		await until(
			"the inbox",
			() => ok(api().get("/v1/notifications", { token: someone(bo).token })),
			({ items }) =>
				items.some((item: { body: { payload: { content?: string } } }) => item.body.payload.content === "Nobody mails this"),
		);
		await prefer(bo, { kinds: { chat_notification: { email: true } } });
		await advance(11 * minute);
		await write(ann, "This one is mailed");
		assert.match((await box(bo).has(4, unread)).text ?? "", /> This one is mailed/);
	});

	it("holds mail back in quiet hours of a zone with three quarters, and releases it at their end, once; a restart forgets nothing", async () => {
		const { clock } = world();
		const wall = (at: number): string => new Date(at + 5.75 * hour).toISOString().slice(11, 16); // Asia/Kathmandu
		const now = clock.now + 11 * minute;
		await advance(11 * minute);
		await prefer(bo, { quietHours: { start: wall(now - hour), end: wall(now + 2 * hour), zone: "Asia/Kathmandu" } });
		await write(ann, "In the middle of the night");
		const [held] = await untilMails("a mail that is held", bo, ([mail]) => mail?.status === "held");
		const end = Math.floor((now + 5.75 * hour) / minute) * minute - 5.75 * hour + 2 * hour;
		assert.equal(held?.dueAt, new Date(end).toISOString());
		await advance(30 * minute);
		await write(ann, "It is past the ten minutes");
		// Mail about the account waits for nothing.
		await ok(api().post("/v1/auth/password-reset", { email: someone(bo).email }), 202);
		const reset = await box(bo).has(1, /^Reset your password$/);
		assert.match(reset.text ?? "", /https:\/\/souk\.example\/app\/reset-password#token=\S+/);
		assert.equal(headerOf(reset, "List-Unsubscribe"), undefined);
		// Meanwhile somebody else has a whole day's gathered.
		await prefer(cy, { digest: "daily" });
		await write(bo, "One", cy);
		await write(bo, "Two", cy);
		await untilNoneWaits();
		await world().restart();
		await box(bo).has(4, unread);
		await advance(2 * hour);
		assert.match((await box(bo).has(5, unread)).text ?? "", /> In the middle of the night/);
		await prefer(bo, { quietHours: null });
		await write(ann, "Good morning");
		await box(bo).has(6, unread);
		assert.deepEqual(
			(await mailsOf(bo)).filter(({ status }) => status !== "sent"),
			[],
		);
	});

	it("releases what is held when its recipient has no quiet hours any more", async () => {
		const { clock } = world();
		const wall = (at: number): string => new Date(at).toISOString().slice(11, 16);
		await advance(11 * minute);
		await prefer(bo, { quietHours: { start: wall(clock.now - hour), end: wall(clock.now + 2 * hour), zone: "UTC" } });
		await write(ann, "Are you still up?");
		await untilMails("a mail that is held", bo, ([mail]) => mail?.status === "held");
		await prefer(bo, { quietHours: { start: wall(clock.now - hour), end: wall(clock.now + hour), zone: "UTC" } });
		const shorter = Math.floor((clock.now + hour) / minute) * minute;
		await untilMails("it to wait for their new end", bo, ([mail]) => mail?.dueAt === new Date(shorter).toISOString());
		await prefer(bo, { quietHours: null });
		assert.match((await box(bo).has(7, unread)).text ?? "", /> Are you still up\?/);
	});

	it("gathers what is not read of an hour into one mail, once", async () => {
		await advance(11 * minute);
		await prefer(bo, { digest: "hourly" });
		const seq = await write(ann, "Read at once");
		await write(ann, "Not read");
		await write(cy, "Not read either");
		await untilNoneWaits();
		const path = `/v1/conversations/${conversations.get(someone(ann))}/read`;
		await api().post(path, { seq }, { token: someone(bo).token });
		await advance(hour + 6_000);
		const digest = await box(bo).has(1, /^\d+ new messages/);
		assert.equal(digest.subject, "2 new messages from A buyer");
		assert.deepEqual(digest.text?.match(/^> .*/gm), ["> Not read", "> Not read either"]);
		await write(ann, "The next hour");
		await advance(hour + 6_000);
		assert.match((await box(bo).has(1, /^1 new message from A buyer$/)).text ?? "", /> The next hour/);
		await prefer(bo, { digest: "off" });
		await box(bo).has(7, unread);
		await box(bo).has(1, /^2 new messages/);
	});

	it("stops a kind of mail by one click, as a mail client does it, and by nothing less", async () => {
		const market = await openMarket(api());
		const { seller, buyer } = market;
		await market.place({});
		const purchase = await box(seller).has(1, /^New purchase order: Satay$/);
		assert.equal(headerOf(purchase, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
		const [, link = ""] =
			/^<(https:\/\/souk\.example\/v1\/email\/unsubscribe\?token=[^>]+)>$/.exec(headerOf(purchase, "List-Unsubscribe") ?? "") ??
			[];
		assert.ok(purchase.html?.includes(link) && purchase.text?.includes(link), headerOf(purchase, "List-Unsubscribe"));
		const path = link.slice(publicUrl.length);

		const page = await api().get(path);
		assert.deepEqual([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
		assert.match(page.text, /<form method="post"/);
		assert.doesNotMatch(page.text, /<script/i);
		assert.equal((await preferencesOf(seller)).kinds.purchase_notification.email, true);

		const forms = [
			["application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"],
			[
				"multipart/form-data; boundary=b",
				'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
			],
		] as const;
		for (const [type, form] of forms) {
			const done = await api().post(path, form, { headers: { "content-type": type } });
			assert.deepEqual([done.status, done.headers.get("set-cookie")], [200, null], done.text);
		}
		const { kinds } = await preferencesOf(seller);
		assert.deepEqual(
			[kinds.purchase_notification, kinds.chat_notification],
			[
				{ inbox: true, email: false },
				{ inbox: true, email: true },
			],
		);
		await market.place({});
		const [dropped] = await untilMails("a mail that nobody wants", seller, ([mail]) => mail?.status === "dropped");
		assert.match(dropped?.reason ?? "", /switched off/);
		// The buyer said nothing, and gets theirs.
		await box(buyer).has(2, /^Your order is paid: Satay$/);
		await box(seller).has(1, /^New purchase order/);
	});

	it("refuses an unsubscribe link that is not ours with a page for people and a problem for programs, and changes nothing", async () => {
		const path = `/v1/email/unsubscribe?token=${someone(bo).id}.chat_notification.${"A".repeat(43)}`;
		const asked = await api().get(path, { headers: { accept: "text/html" } });
		assert.deepEqual([asked.status, asked.headers.get("content-type")], [400, "text/html; charset=utf-8"]);
		for (const bad of [path, "/v1/email/unsubscribe", "/v1/email/unsubscribe?token="]) {
			const refused = await api().post(bad, "List-Unsubscribe=One-Click", {
				headers: { "content-type": "application/x-www-form-urlencoded" },
			});
			assert.deepEqual([refused.status, refused.body.code, refused.body.errors[0].pointer], [400, "VALIDATION", "/token"]);
		}
		assert.equal((await preferencesOf(bo)).kinds.chat_notification.email, true);
	});

	it("offers no way to turn off what is about a payment", async () => {
		const market = await openMarket(api());
		await market.place({ paymentMethod: "sandbox_declined" });
		const declined = await box(market.buyer).has(1, /^Your payment was declined: Satay$/);
		assert.equal(headerOf(declined, "List-Unsubscribe"), undefined);
		assert.match(declined.text ?? "", /Pay again:\nhttps:\/\/souk\.example\/app\/orders\//);
	});
};

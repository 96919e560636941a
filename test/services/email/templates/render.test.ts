import assert from "node:assert/strict";
import fc from "fast-check";
import { templateNames } from "../../../../services/email/templates/data.ts";
import { type Links, MissingData, type Rendered, render } from "../../../../services/email/templates/index.ts";
import { sampleMails } from "../../../support/sample-mails.ts";

const links: Links = {
	home: "https://souk.example",
	token: "user.token-1",
	unsubscribe: "https://souk.example/v1/email/unsubscribe?token=a.b.c",
};

const everyMail = (words: string, content = words, name = words): Rendered[] => {
	const data = sampleMails(words, content);
	return templateNames.map((template) => render(template, data[template], { name, links }));
};

const tagsOf = (html: string): string[] => html.match(/<[^>]*>/g) ?? [];

/** What a reader sees of it. */
const seenOf = (html: string): string =>
	html
		.replace(/<style>[\s\S]*?<\/style>/g, "")
		.replace(/<[^>]*>/g, "")
		.replace(/&lt;/g, "<")
		.replace(/&gt;/g, ">")
		.replace(/&quot;/g, '"')
		.replace(/&#39;/g, "'")
		.replace(/&amp;/g, "&");

const nasty = fc.oneof(
	fc.string({ unit: "binary", maxLength: 40 }),
	fc
		.array(
			fc.constantFrom(
				...["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</bdi></p>", "<!--", "-->", "]]>", "&lt;", "&#60;b>"],
				...["' onclick='x", "\r\n", "\nBcc: all@example.com", "\r\n\r\n<h1>", "\u2028", "\u2029", "\u0000", "\u0085", "\t"],
				...[
					"\u202E",
					"\u2066",
					"\u2069",
					"\u200F",
					"שלום",
					"مرحبا",
					"👩‍👩‍👧",
					"🇲🇾",
					"\uD800",
					"\uDC00",
					"é",
					"$&",
					"$1",
					"%0d%0a",
				],
			),
			{ maxLength: 8 },
		)
		.map((parts) => parts.join("")),
);
/** There is always something to see of it. */
const words = nasty.map((text) => `x${text}x`);

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const controls = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;

describe("The words of a mail", () => {
	const plain = everyMail("Plain words");

	it("bring no tag and no attribute with them, whatever people call themselves and their goods", () => {
		const expected = plain.map(({ html }) => tagsOf(html));
		fc.assert(
			fc.property(words, words, (some, content) => {
				const found = everyMail(some, content).map(({ html }) => tagsOf(html));
				assert.deepEqual(found, expected);
			}),
			{ numRuns: 200 },
		);
	});

	it("are shown as they were written, where they can stand on one line", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), (some) => {
				const shown = `x${some}x`.toWellFormed();
				if (controls.test(shown)) return;
				for (const { html, text } of everyMail(shown)) {
					assert.ok(seenOf(html).includes(shown));
					assert.ok(text.includes(shown));
				}
			}),
			{ numRuns: 200 },
		);
	});

	it("never reach a second line of a subject, nor turn round what comes after them", () => {
		fc.assert(
			fc.property(words, (some) => {
				for (const { subject, html } of everyMail(some)) {
					assert.doesNotMatch(subject, controls);
					assert.ok(subject.isWellFormed() && html.isWellFormed());
					assert.doesNotMatch(html, /[\u202A-\u202E\u2066-\u2069]/);
				}
			}),
			{ numRuns: 200 },
		);
	});

	it("add no line to the text, but for those of a message, which stay behind their mark", () => {
		const lines = plain.map(({ text }) => text.split("\n").length);
		fc.assert(
			fc.property(words, (some) => {
				const found = everyMail(some, "One line").map(({ text }) => text.split("\n").length);
				assert.deepEqual(found, lines);
			}),
			{ numRuns: 200 },
		);
		const written = "one\n-- \nStop: http://evil\r\nfour";
		const { text } = render("unread-chat", sampleMails("Ann", written)["unread-chat"], { name: "Bo", links });
		assert.match(text, /\nAnn:\n> one\n> --\n> Stop: http:\/\/evil\n> four\n/);
	});

	it("are set apart where they are written from right to left", () => {
		const { html, text } = render("order-paid", sampleMails("אורז")["order-paid"], { name: "דנה", links });
		assert.match(html, /<bdi>דנה<\/bdi>/);
		assert.match(text, /Hello \u2068דנה\u2069,/);
	});
});

describe("A mail", () => {
	const data = sampleMails("Chicken rice", "Is it still hot?");
	const subjectOf = (template: keyof typeof data): string => render(template, data[template], { name: "Ann", links }).subject;

	it("says in its subject what it is about", () => {
		assert.deepEqual(Object.fromEntries(templateNames.map((name) => [name, subjectOf(name)])), {
			purchase: "New purchase order: Chicken rice",
			"order-paid": "Your order is paid: Chicken rice",
			"order-declined": "Your payment was declined: Chicken rice",
			"order-cancelled": "Your order was cancelled: Chicken rice",
			"order-expired": "Your order has expired: Chicken rice",
			"order-shipped": "Your order is on its way: Chicken rice",
			"order-delivered": "Your order was delivered: Chicken rice",
			refunded: "Your refund: MYR 198.00",
			"payment-reminder": "Your payment is 1 day overdue: Chicken rice",
			"unread-chat": "New message from Chicken rice",
			"chat-digest": "5 new messages from Chicken rice",
			welcome: "Welcome to Souk: please confirm your e-mail address",
			verification: "Please confirm your e-mail address",
			"password-reset": "Reset your password",
			"password-changed": "Your password was changed",
		});
	});

	it("can be read without images, scripts and anything that is fetched, in light and in dark", () => {
		for (const { html } of everyMail("words")) {
			assert.match(html, /<meta name="color-scheme" content="light dark">/);
			assert.match(html, /prefers-color-scheme:dark/);
			assert.doesNotMatch(html, /<(img|script|link|iframe|object|form|input|svg)\b|url\(|@import|\bsrc=/i);
			assert.ok(html.length < 100_000, "some clients cut what is longer");
		}
	});

	it("shows the same in HTML and as text: greeting, amounts, links", () => {
		const { html, text } = render("payment-reminder", data["payment-reminder"], { name: "Ann", links });
		for (const part of ["Hello Ann,", "MYR 198.00", "20 November 2026", "1 day"]) {
			assert.ok(seenOf(html).includes(part), part);
			assert.ok(text.includes(part), part);
		}
		for (const link of ["https://souk.example/app/orders/order1", links.unsubscribe ?? ""]) {
			assert.ok(html.includes(`href="${link}"`), link);
			assert.ok(text.includes(link), link);
		}
	});

	it("is due before it is overdue", () => {
		const due = { ...data["payment-reminder"], daysOverdue: 0 };
		assert.equal(render("payment-reminder", due, { name: "Ann", links }).subject, "Your payment is due: Chicken rice");
	});

	it("has no link to turn it off where that cannot be", () => {
		const { html, text } = render("welcome", {}, { name: "Ann", links: { home: links.home, token: "t" } });
		assert.doesNotMatch(html + text, /unsubscribe|Stop mails/i);
	});

	it("carries tokens behind the # of their links alone, where no server gets to see them", () => {
		for (const [template, page] of [
			["welcome", "verify-email"],
			["verification", "verify-email"],
			["password-reset", "reset-password"],
		] as const) {
			const { html, text } = render(template, data[template], { name: "Ann", links });
			const link = `https://souk.example/app/${page}#token=user.token-1`;
			assert.ok(html.includes(`href="${link}"`) && text.includes(link));
		}
	});

	it("leads who did not change their password to where a link can be asked for", () => {
		const { text } = render("password-changed", data["password-changed"], { name: "Ann", links });
		assert.match(text, /\nhttps:\/\/souk\.example\/app\/forgot-password\n/);
	});

	it("quotes no more of a conversation than its last messages, and says how many came before", () => {
		const { text, html } = render("chat-digest", data["chat-digest"], { name: "Ann", links });
		assert.match(text, /1 earlier message, and then:/);
		assert.equal(text.match(/> Is it still hot\?/g)?.length, 4);
		assert.ok(html.includes("https://souk.example/app/chat/stream2"));
	});

	it("says that there is more of a message that was cut", () => {
		const long = { ...data["unread-chat"], content: "😀".repeat(200) };
		assert.ok(render("unread-chat", long, { name: "Ann", links }).text.includes(`${"😀".repeat(200)}…`));
	});

	it("names somebody where nobody knows the sender's name, and greets who has none", () => {
		const { senderName: _unknown, ...item } = data["unread-chat"];
		const { subject, text } = render("unread-chat", item, { name: "\u202E", links });
		assert.equal(subject, "New message from Somebody");
		assert.match(text, /\n\nHello,\n\n/);
	});
});

describe("A mail that cannot be written", () => {
	const refused = (template: string, data: unknown, given: Links = links): MissingData => {
		try {
			render(template, data, { name: "Ann", links: given });
		} catch (error) {
			assert.ok(error instanceof MissingData);
			return error;
		}
		throw new Error(`${template} was written`);
	};

	it("names what is missing", () => {
		const { productName: _gone, ...order } = sampleMails()["order-expired"];
		const error = refused("order-expired", order);
		assert.deepEqual([error.name, error.template, error.missing], ["MissingData", "order-expired", ["/productName"]]);
		assert.deepEqual(refused("purchase", { ...sampleMails().purchase, items: [] }).missing, ["/items"]);
		assert.deepEqual(refused("password-reset", { requestId: "r" }, { home: links.home }).missing, ["/links/token"]);
	});

	it("is one of no template, too", () => {
		for (const template of ["unknown", "constructor", "__proto__"]) assert.match(refused(template, {}).message, /no template/);
	});

	it("is never written halfway: without any one of its members it is refused, or does without", () => {
		const data = sampleMails();
		const optional = new Set(["reason", "productName in refunded", "estimatedDelivery", "senderName"]);
		for (const template of templateNames) {
			for (const member of Object.keys(data[template])) {
				const rest = Object.fromEntries(Object.entries(data[template]).filter(([name]) => name !== member));
				if (optional.has(member) || optional.has(`${member} in ${template}`))
					assert.doesNotMatch(render(template, rest, { name: "Ann", links }).text, /undefined|null|NaN/);
				else assert.deepEqual(refused(template, rest).missing, [`/${member}`]);
			}
		}
	});
});

import assert from "node:assert/strict";
import { displayName, isAddress, parseSender } from "../../../services/email/address.ts";
import { delayAfter, mostTries } from "../../../services/email/retry.ts";
import { outcomeOf, type SmtpFailure } from "../../../services/email/smtp-outcome.ts";

describe("what an answer of an SMTP server means for a mail", () => {
	const answered = (command: string, response: string): SmtpFailure => ({
		...{ message: "no", code: "EENVELOPE", command, response, responseCode: Number.parseInt(response, 10) },
	});
	const kinds: readonly (readonly [what: string, failure: SmtpFailure, kind: string])[] = [
		["nobody has this address", answered("RCPT TO", "550 5.1.1 no such user"), "bad-address"],
		["the same without an enhanced code", answered("RCPT TO", "550 no such user"), "bad-address"],
		["the same, said after the message", answered("DATA", "550 5.1.1 no such user"), "bad-address"],
		["the mailbox is closed", answered("RCPT TO", "550 5.2.1 mailbox disabled"), "bad-address"],
		["the mailbox is full", answered("RCPT TO", "552 5.2.2 mailbox full"), "refused"],
		["we may not relay", answered("RCPT TO", "550 5.7.1 relaying denied"), "refused"],
		["our own address is bad", answered("MAIL FROM", "550 5.1.8 bad sender"), "refused"],
		["our own address is bad, told at the recipient", answered("RCPT TO", "553 5.1.7 bad sender"), "refused"],
		["the message is not liked", answered("DATA", "554 5.7.1 spam"), "refused"],
		["anything that begins with 4", answered("RCPT TO", "450 4.2.0 greylisted"), "retry"],
		["the server closes", answered("RCPT TO", "421 4.3.2 closing"), "retry"],
		["our password is wrong", { ...answered("AUTH LOGIN", "535 5.7.8 bad credentials"), code: "EAUTH" }, "retry"],
		["we should have logged in", answered("MAIL FROM", "530 5.7.0 authentication required"), "retry"],
		["the server does not talk to us", { ...answered("CONN", "554 no"), code: "EPROTOCOL" }, "retry"],
		["it cannot be reached", { message: "connect ECONNREFUSED", code: "ESOCKET", command: "CONN" }, "retry"],
		["its certificate is not trusted", { message: "self-signed certificate", code: "ESOCKET", command: "CONN" }, "retry"],
		[
			"the message is larger than it takes",
			{ message: "Message size larger", code: "EMESSAGE", command: "MAIL FROM" },
			"refused",
		],
		["something that nobody foresaw", { message: "what?" }, "retry"],
	];
	for (const [what, failure, kind] of kinds) {
		it(`${what}: ${kind}`, () => assert.equal(outcomeOf(failure).kind, kind));
	}

	it("knows when the server may have taken it all the same", () => {
		const lost = { message: "Connection closed", code: "ECONNECTION", command: "CONN" };
		assert.deepEqual(outcomeOf(lost), { kind: "retry", reason: "CONN: Connection closed (ECONNECTION)" });
		const reason = "DATA: Connection closed (ECONNECTION)";
		assert.deepEqual(outcomeOf({ ...lost, begun: true }), { kind: "retry", reason, unknown: true });
		assert.ok(!("unknown" in outcomeOf({ ...answered("DATA", "451 no"), begun: true })));
	});

	it("keeps a reason to one line of bounded length, whatever a server says", () => {
		const { reason } = outcomeOf(answered("RCPT TO", `550 ${"x\r\n\u0007 y".repeat(1_000)}`)) as { reason: string };
		assert.ok(reason.length <= 500);
		assert.doesNotMatch(reason, /\p{Cc}/u);
	});
});

describe("when a mail is tried again", () => {
	it("later each time, for a day, ten times in all", () => {
		const delays = Array.from({ length: mostTries }, (_, index) => delayAfter(index + 1));
		const waits = delays.filter((delay) => delay !== null);
		assert.deepEqual([mostTries, waits.length, delays.at(-1)], [10, 9, null]);
		assert.deepEqual(waits, [...new Set(waits)].sort((a, b) => a - b)); // biome-ignore format: one line
		assert.equal(waits.reduce((sum, wait) => sum + wait, 0), 24 * 3_600_000); // biome-ignore format: one line
	});
});

describe("an address", () => {
	it("is one, and nothing else", () => {
		for (const good of ["ann@x.example", "a.b+c@sub.x.example", "jürgen@bücher.example", `${"a".repeat(64)}@x.example`])
			assert.ok(isAddress(good), good);
		const bad = [
			...["", "ann", "@x.example", "ann@", "ann@x", "a b@x.example", "a@x.example,b@y.example", "a@x.example;b@y.example"],
			...[
				"Ann <a@x.example>",
				"a@b@x.example",
				"a@x.example\r\nBcc: b@y.example",
				"a\n@x.example",
				"a@x.example\n",
				"a@x.example\0",
			],
			...['"a"@x.example', "a..b@x.example", ".a@x.example", "a.@x.example", "a@.x.example", "a@x..example", "a@x.example."],
			...[
				"a@[127.0.0.1]",
				"a(comment)@x.example",
				`${"a".repeat(65)}@x.example`,
				`a@${"x.".repeat(130)}example`,
				"a\u200b@x.example",
			],
		];
		for (const text of bad) assert.ok(!isAddress(text), JSON.stringify(text));
	});

	it("is found in MAIL_FROM with or without a name", () => {
		assert.deepEqual(parseSender("Souk <no-reply@souk.example>"), { name: "Souk", address: "no-reply@souk.example" });
		assert.deepEqual(parseSender('"The, Souk" <a@x.example>'), { name: "The, Souk", address: "a@x.example" });
		assert.deepEqual(parseSender("a@x.example"), { name: "", address: "a@x.example" });
		assert.equal(displayName(" Eve\r\nBcc:\tx\u0000 "), "Eve Bcc: x");
	});
});

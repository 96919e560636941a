import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { composer } from "../../../services/email/composing.adapter.ts";
import { loadDkim } from "../../../services/email/dkim.adapter.ts";
import { emlTransport } from "../../../services/email/eml.adapter.ts";
import { smtpOptions, smtpTransport } from "../../../services/email/smtp.adapter.ts";
import type { Message } from "../../../services/email/transport.ts";
import { verifyDkim } from "../../support/dkim.ts";
import { type SmtpOptions, type SmtpSink, smtpCertificate, startSmtp } from "../../support/smtp.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

const bytes = Buffer.from("Message-ID: <m1@souk.example>\r\nSubject: hello\r\n\r\n.\r\nhello\r\n");
const message: Message = {
	id: "m1",
	createdAt: "2026-01-02T03:04:05.000Z",
	from: "souk@souk.example",
	to: "ann@x.example",
	bytes,
};
const never = new AbortController().signal;

describe("the way to an SMTP server", () => {
	let smtp: SmtpSink | undefined;
	afterEach(async () => {
		await smtp?.stop();
		smtp = undefined;
	});

	const sendTo = async (options: SmtpOptions, more = "", user = "") => {
		smtp = await startSmtp(options);
		const separated = smtp.url.replace("//", `//${user}`);
		const transport = smtpTransport(`${separated}?connectionTimeout=2000&greetingTimeout=2000&socketTimeout=2000${more}`);
		const outcome = await transport.send(message, never);
		transport.close();
		return outcome;
	};
	const trusted = `&tls.ca=${encodeURIComponent(smtpCertificate.pem)}&tls.servername=localhost`;

	it("brings each byte as it is, over plain TCP where the server offers nothing else", async () => {
		assert.deepEqual(await sendTo({}), { kind: "sent", code: 250, response: "250 2.0.0 taken" });
		const [mail] = smtp?.taken ?? [];
		assert.deepEqual([mail?.raw, mail?.to, mail?.from, mail?.secure], [bytes, ["ann@x.example"], "souk@souk.example", false]);
	});

	for (const tls of ["starttls", "implicit"] as const) {
		it(`is private where the server offers TLS (${tls}), and knows the server by its certificate`, async () => {
			assert.equal((await sendTo({ tls }, trusted)).kind, "sent");
			assert.equal(smtp?.taken[0]?.secure, true);
		});

		it(`is refused to a server with a certificate that nobody vouches for (${tls}): again later, with the reason`, async () => {
			const outcome = await sendTo({ tls, badCertificate: true });
			assert.equal(outcome.kind, "retry");
			assert.match("reason" in outcome ? outcome.reason : "", /certificate/i);
			assert.deepEqual([smtp?.tried, smtp?.taken], [[], []]);
		});
	}

	it("logs in where the URL names a user", async () => {
		assert.equal((await sendTo({ tls: "starttls" }, trusted, "souk:secret%40word@")).kind, "sent");
		assert.equal(smtp?.taken[0]?.user, "souk");
	});

	it("never shows a password to a server without TLS, but on this machine or when told to", () => {
		assert.equal(smtpOptions("smtp://souk:secret@mail.example").requireTLS, true);
		assert.equal(smtpOptions("smtp://mail.example").requireTLS, undefined);
		assert.equal(smtpOptions("smtp://souk:secret@127.0.0.1:25").requireTLS, undefined);
		assert.equal(smtpOptions("smtp://souk:secret@mail.example?requireTLS=false").requireTLS, undefined);
	});

	it("lets go when it is told to", async () => {
		smtp = await startSmtp();
		smtp.fault({ on: "stored", answer: "hang" });
		const end = new AbortController();
		smtp.onStored = () => end.abort();
		const transport = smtpTransport(smtp.url);
		const outcome = await transport.send(message, end.signal);
		transport.close();
		assert.deepEqual([outcome.kind, "unknown" in outcome && outcome.unknown], ["retry", true]);
	});
});

describe("the folder of mails", () => {
	let dir = "";
	before(async () => {
		dir = await tempDir("eml");
	});
	after(() => removeDir(dir));

	it("holds each mail as one whole file, however often it is written", async () => {
		const folder = join(dir, "mail");
		const transport = await emlTransport(folder);
		for (let round = 0; round < 3; round++) assert.equal((await transport.send(message, never)).kind, "sent");
		assert.deepEqual(await readdir(folder), ["2026-01-02T030405.000Z-m1.eml"]);
		assert.deepEqual(await readFile(join(folder, "2026-01-02T030405.000Z-m1.eml")), bytes);
	});

	it("is tried again later when it cannot be written to, with the reason", async () => {
		const folder = join(dir, "gone");
		const transport = await emlTransport(folder);
		await removeDir(folder);
		const outcome = await transport.send(message, never);
		assert.equal(outcome.kind, "retry");
		assert.match("reason" in outcome ? outcome.reason : "", /ENOENT/);
	});
});

describe("the signature of a mail", () => {
	const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
	const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
	const dkim = { domain: "souk.example", selector: "mail2026", key: pem };
	const headers = {
		"List-Unsubscribe": "<https://souk.example/u?token=abc>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	};
	const compose = (key: string | null) =>
		composer(
			{ name: "Souk", address: "no-reply@souk.example" },
			loadDkim({ dkim: key === null ? null : { ...dkim, key } }),
		)({
			mail: { _id: "m1" },
			to: { name: "Ann, the Ünüsual", address: "ann@x.example" },
			rendered: { subject: `Grüße ${"and more ".repeat(20)}`, text: "Hello\n.\nWörld\n", html: "<p>Hello <b>Wörld</b></p>" },
			headers,
			at: new Date("2026-01-02T03:04:05Z"),
		});

	it("covers what says whom it is from and for, what it says, and how to get no more of them", async () => {
		const raw = Buffer.from(await compose(pem));
		const verdict = verifyDkim(raw, publicKey);
		assert.deepEqual([verdict.ok, verdict.why, verdict.domain, verdict.selector], [true, "", "souk.example", "mail2026"]);
		const covered = ["from", "to", "subject", "date", "message-id", "content-type", "list-unsubscribe", "list-unsubscribe-post"];
		for (const name of covered) assert.ok(verdict.signed.includes(name), name);
		const parsed = await PostalMime.parse(raw);
		assert.deepEqual(parsed.to, [{ name: "Ann, the Ünüsual", address: "ann@x.example" }]);
		assert.deepEqual(
			parsed.headers.filter(({ key }) => key.startsWith("list-") || key === "auto-submitted").map(({ key, value }) => [key, value]).sort(), // biome-ignore format: one line
			[
				["auto-submitted", "auto-generated"],
				["list-unsubscribe", headers["List-Unsubscribe"]],
				["list-unsubscribe-post", headers["List-Unsubscribe-Post"]],
			],
		);
	});

	it("does not hold once anything of that is changed on the way", async () => {
		const raw = Buffer.from(await compose(pem)).toString("latin1");
		for (const [from, to] of [
			["token=abc", "token=abd"],
			["One-Click", "Two-Click"],
			["<b>", "<i>"],
			["ann@x.example", "eve@x.example"],
		] as const) {
			assert.ok(raw.includes(from), from);
			assert.equal(verifyDkim(Buffer.from(raw.replace(from, to), "latin1"), publicKey).ok, false, from);
		}
	});

	it("is left out where no key is set", async () => {
		assert.equal(verifyDkim(Buffer.from(await compose(null)), publicKey).why, "there is no signature");
	});

	it("takes the key as PEM, as PEM with \\n for line ends, and as the path of a file", async () => {
		const dir = await tempDir("dkim");
		await writeFile(join(dir, "key.pem"), pem);
		for (const key of [pem, pem.replaceAll("\n", "\\n"), join(dir, "key.pem")])
			assert.equal(verifyDkim(Buffer.from(await compose(key)), publicKey).ok, true);
		await removeDir(dir);
	});

	it("refuses the start with a key that cannot sign, and says which setting is wrong without showing it", () => {
		const small = generateKeyPairSync("rsa", { modulusLength: 512 }).privateKey;
		const other = generateKeyPairSync("ed25519").privateKey;
		const asPem = (key: typeof small): string => key.export({ type: "pkcs8", format: "pem" }).toString();
		const wrong = [
			[{ ...dkim, key: "/no/such/file" }, /^DKIM_KEY must be .*ENOENT/],
			[{ ...dkim, key: "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----" }, /^DKIM_KEY is no private key/],
			[{ ...dkim, key: asPem(small) }, /^DKIM_KEY must have 1024 bits/],
			[{ ...dkim, key: asPem(other) }, /^DKIM_KEY must be an RSA key/],
			[{ ...dkim, domain: "not a domain" }, /^DKIM_DOMAIN/],
			[{ ...dkim, selector: "a;b" }, /^DKIM_SELECTOR/],
		] as const;
		for (const [settings, message] of wrong) assert.throws(() => loadDkim({ dkim: settings }), { name: "UnfitDkim", message });
	});
});

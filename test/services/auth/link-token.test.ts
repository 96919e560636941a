import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { newId } from "../../../contracts/ids.ts";
import { formatLinkToken, linkPurposes, parseLinkToken } from "../../../services/auth/link-token.ts";
import { formatRefreshToken } from "../../../services/auth/refresh-token.ts";

const secret = randomBytes(32);
const other = randomBytes(32);

describe("the token of a link in a mail", () => {
	for (const purpose of linkPurposes) {
		const claim = { userId: newId(), requestId: newId() };
		const token = formatLinkToken(purpose, claim, secret);

		it(`for ${purpose}: is the same every time, and is taken under any of the secrets`, () => {
			assert.equal(formatLinkToken(purpose, claim, secret), token);
			assert.deepEqual(parseLinkToken(purpose, token, [other, secret]), claim);
			assert.equal(parseLinkToken(purpose, token, [other]), null);
			assert.equal(parseLinkToken(purpose, token, []), null);
		});

		it(`for ${purpose}: is good for nothing else`, () => {
			const others = linkPurposes.filter((one) => one !== purpose);
			for (const one of others) assert.equal(parseLinkToken(one, token, [secret]), null);
			const refresh = formatRefreshToken({ sessionId: claim.userId, generation: 1 }, secret);
			assert.equal(parseLinkToken(purpose, refresh, [secret]), null);
		});

		it(`for ${purpose}: is refused when a single character was changed, dropped or added`, () => {
			for (let at = 0; at < token.length; at++) {
				for (const sign of ["A", "b", "2", "-", ".", " "]) {
					if (token[at] === sign) continue;
					assert.equal(parseLinkToken(purpose, token.slice(0, at) + sign + token.slice(at + 1), [secret]), null);
				}
				assert.equal(parseLinkToken(purpose, token.slice(0, at) + token.slice(at + 1), [secret]), null);
			}
			assert.equal(parseLinkToken(purpose, `${token}A`, [secret]), null);
		});

		it(`for ${purpose}: is refused when it was made up, whatever it is`, () => {
			fc.assert(fc.property(fc.string(), (text) => assert.equal(parseLinkToken(purpose, text, [secret]), null)));
		});
	}

	it("has one spelling: bits of the last sign that mean nothing are not another token", () => {
		const claim = { userId: newId(), requestId: newId() };
		const token = formatLinkToken("password reset", claim, secret);
		const signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		const last = signs.indexOf(token.at(-1) ?? "");
		const same = `${token.slice(0, -1)}${signs[last ^ 1]}`;
		assert.deepEqual(Buffer.from(same.slice(-43), "base64url"), Buffer.from(token.slice(-43), "base64url"));
		assert.equal(parseLinkToken("password reset", same, [secret]), null);
	});

	it("fits into a link: no sign of it has to be escaped", () => {
		const token = formatLinkToken("password reset", { userId: newId(), requestId: newId() }, secret);
		assert.equal(encodeURIComponent(token), token);
		assert.ok(token.length < 256);
	});
});

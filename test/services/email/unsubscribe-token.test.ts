import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { canBeTurnedOff, turnOffKinds } from "../../../services/email/kinds.ts";
import { readUnsubscribeToken, unsubscribeToken } from "../../../services/email/unsubscribe-token.ts";

const secret = randomBytes(32);
const userId = fc.stringMatching(/^[a-z2-7]{24}$/);
const kind = fc.constantFrom(...turnOffKinds);

describe("The token of an unsubscribe link", () => {
	it("says whose mails of which kind, and can stand in a URL as it is", () => {
		fc.assert(
			fc.property(userId, kind, (user, one) => {
				const token = unsubscribeToken(secret, { userId: user, kind: one });
				assert.deepEqual(readUnsubscribeToken(secret, token), { userId: user, kind: one });
				assert.equal(encodeURIComponent(token), token);
				assert.ok(token.length <= 300);
			}),
		);
	});

	it("is good for nobody else, no other kind and under no other secret, whatever is changed about it", () => {
		const token = unsubscribeToken(secret, { userId: "ann", kind: "chat_notification" });
		assert.equal(readUnsubscribeToken(randomBytes(32), token), null);
		assert.equal(readUnsubscribeToken(secret, token.replace("ann", "bob")), null);
		assert.equal(readUnsubscribeToken(secret, token.replace("chat_notification", "announcement")), null);
		fc.assert(
			fc.property(fc.nat(token.length - 1), fc.string({ minLength: 0, maxLength: 2 }), (at, other) => {
				const changed = token.slice(0, at) + other + token.slice(at + 1);
				if (changed !== token) assert.equal(readUnsubscribeToken(secret, changed), null);
			}),
			{ numRuns: 500 },
		);
		for (const more of [`${token}.`, `${token}=`, ` ${token}`, `${token}.x`, token.repeat(9), "", "..", "a.b.c"])
			assert.equal(readUnsubscribeToken(secret, more), null);
	});

	it("turns off no payments, even if we had signed that", () => {
		const token = unsubscribeToken(secret, { userId: "ann", kind: "payment_reminder_notification" });
		assert.equal(readUnsubscribeToken(secret, token), null);
		assert.equal(canBeTurnedOff("payment_reminder_notification"), false);
		assert.equal(canBeTurnedOff(null), false);
	});
});

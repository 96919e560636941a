import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { isSigned, sign, toleranceMs } from "../../../services/payment/webhook-signature.ts";

const now = 1_800_000_000_000;
const body = '{"id":"evt_1"}';
const secret = "whsec-of-today-0001";
const older = "whsec-of-yesterday-01";
const header = (time: number, ...macs: string[]): string => [`t=${time}`, ...macs.map((mac) => `v1=${mac}`)].join(",");
// Not by our own function: what others sign must be what we verify.
const mac = (key: string, text: string): string => createHmac("sha256", key).update(text).digest("hex");
const t = now / 1000;

describe("webhook signatures", () => {
	it("takes HMAC-SHA256 of time, dot and body", () => {
		assert.ok(isSigned([secret], header(t, mac(secret, `${t}.${body}`)), body, now));
	});

	it("makes signatures that it takes", () => assert.ok(isSigned([secret], sign(secret, body, now), body, now + 999)));

	it("takes any of several secrets, and any of several signatures", () => {
		const rotating = header(t, mac(older, `${t}.${body}`), mac(secret, `${t}.${body}`));
		assert.ok(isSigned([secret], rotating, body, now));
		assert.ok(isSigned(["whsec-of-tomorrow-001", older], rotating, body, now));
	});

	const refused: readonly [string, string | undefined, string?][] = [
		["no header", undefined],
		["an empty header", ""],
		["a signature by another secret", sign(older, body, now)],
		["another body", sign(secret, body, now), '{"id":"evt_2"}'],
		["a time that was changed", sign(secret, body, now - 1000).replace(`t=${t - 1}`, `t=${t}`)],
		["no time", `v1=${mac(secret, `.${body}`)}`],
		["two times", `t=${t},${sign(secret, body, now)}`],
		["a time that is no number", `t=now,v1=${mac(secret, `now.${body}`)}`],
		["no signature", `t=${t}`],
		["a signature that was cut short", sign(secret, body, now).slice(0, -2)],
		["an older scheme", sign(secret, body, now).replace("v1=", "v0=")],
		["a signature that is too old", sign(secret, body, now - toleranceMs - 1000)],
		["a signature from the future", sign(secret, body, now + toleranceMs + 1000)],
	];
	for (const [what, signed, text] of refused) {
		it(`refuses ${what}`, () => assert.equal(isSigned([secret], signed, text ?? body, now), false));
	}

	it("refuses everything when there is no secret", () => {
		assert.equal(isSigned([], header(t, mac("", `${t}.${body}`)), body, now), false);
	});

	it("takes clocks that are five minutes apart", () => {
		assert.ok(isSigned([secret], sign(secret, body, now - toleranceMs), body, now));
		assert.ok(isSigned([secret], sign(secret, body, now + toleranceMs), body, now));
	});
});

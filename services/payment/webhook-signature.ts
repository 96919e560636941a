import { createHmac, timingSafeEqual } from "node:crypto";

// `Souk-Signature: t=<unix s>,v1=<hex>[,v1=<hex>]`, HMAC-SHA256 of `<t>.<body>`: the form that Stripe made common, and for its
// reasons: the time is signed, so that a recorded webhook is worth nothing after a while; and there may be several signatures and
// several secrets, so that a secret can be replaced while webhooks flow.

export const signatureHeader = "souk-signature";
/** Both ways, for clocks that disagree. */
export const toleranceMs = 300_000;

const macOf = (secret: string, time: string, body: string): Buffer =>
	createHmac("sha256", secret).update(`${time}.${body}`).digest();

/** @param at epoch ms */
export const sign = (secret: string, body: string, at: number): string => {
	const time = String(Math.floor(at / 1000));
	return `t=${time},v1=${macOf(secret, time, body).toString("hex")}`;
};

interface Parsed {
	time: string;
	macs: Buffer[];
}

const parse = (header: string): Parsed | null => {
	const parts = header.split(",").map((part) => part.trim().split("="));
	const values = (name: string): string[] =>
		parts.flatMap(([key, value]) => (key === name && value !== undefined ? [value] : []));
	const [time, ...more] = values("t");
	if (time === undefined || more.length > 0 || !/^\d{1,12}$/.test(time)) return null;
	const macs = values("v1").filter((text) => /^[0-9a-fA-F]{64}$/.test(text));
	return { time, macs: macs.map((text) => Buffer.from(text, "hex")) };
};

/** Every secret is tried with every signature, each in constant time: how long it takes says nothing about how near a guess was. */
const anyMatches = (secrets: readonly string[], { time, macs }: Parsed, body: string): boolean => {
	const results = secrets.flatMap((secret) => {
		const expected = macOf(secret, time, body);
		return macs.map((mac) => timingSafeEqual(mac, expected));
	});
	return results.includes(true);
};

/** @param now epoch ms */
export const isSigned = (secrets: readonly string[], header: string | undefined, body: string, now: number): boolean => {
	const parsed = header === undefined ? null : parse(header);
	if (!parsed || Math.abs(now - Number(parsed.time) * 1000) > toleranceMs) return false;
	return anyMatches(secrets, parsed, body);
};

import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import {
	announcement,
	BadKeySet,
	currentKey,
	formatKeySet,
	parseKeySet,
	publicKeys,
	refreshKeys,
	rotated,
	type SigningJwk,
} from "../../../services/auth/key-set.ts";

const now = 1_800_000_000_000;
const ttl = 900_000;

const signing = (kid: string, more: Partial<SigningJwk> = {}): SigningJwk => {
	const { x = "", d = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
	return { kty: "OKP", crv: "Ed25519", kid, x, d, ...more };
};
const secret = { kty: "oct", kid: "refresh", k: randomBytes(32).toString("base64url") } as const;
const text = (...keys: object[]): string => JSON.stringify({ keys });
const kids = (keys: readonly { kid: string }[]) => keys.map(({ kid }) => kid);

describe("a set of keys", () => {
	it("is the same after it was written and read", () => {
		const set = { signing: [signing("a", { usedFrom: 5 }), signing("b")], secrets: [secret] };
		assert.deepEqual(parseKeySet(formatKeySet(set)), set);
	});

	it("shows public parts only", () => {
		const key = signing("a");
		const shown = publicKeys(parseKeySet(text({ ...key, note: "mine", p: "x" }, secret)), now, ttl);
		assert.deepEqual(shown, [{ kty: "OKP", crv: "Ed25519", kid: "a", x: key.x, use: "sig", alg: "EdDSA" }]);
	});

	it("names keys that came without a name by their thumbprint", () => {
		const { kid: _none, ...key } = signing("");
		const [first] = parseKeySet(text(key)).signing;
		assert.match(first?.kid ?? "", /^[A-Za-z0-9_-]{43}$/);
		assert.equal(first?.kid, parseKeySet(text(key)).signing[0]?.kid);
	});

	it("has the thumbprint that RFC 8037 gives for its example key", () => {
		const example = {
			kty: "OKP",
			crv: "Ed25519",
			d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
			x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
		};
		assert.equal(parseKeySet(text(example)).signing[0]?.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	});

	it("is refused for what is wrong with it, without telling a secret", () => {
		const key = signing("a");
		const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
		const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
		const x25519 = generateKeyPairSync("x25519").privateKey.export({ format: "jwk" });
		const { d: _private, ...halfAKey } = key;
		const wrong = [
			"not json",
			"[]",
			"null",
			text(),
			text(secret),
			text(rsa),
			text(ec),
			text(x25519),
			text(halfAKey),
			text({ ...key, d: "AAAA" }),
			text({ ...key, x: signing("b").x }),
			text(key, { ...signing("a") }),
			text(key, { ...secret, k: "c2hvcnQ" }),
			text(null as never),
		];
		for (const each of wrong) {
			assert.throws(
				() => parseKeySet(each),
				(error) => error instanceof BadKeySet && !error.message.includes(key.d) && error.cause === undefined,
				each.slice(0, 80),
			);
		}
	});

	it("signs with the first key", () => {
		assert.equal(currentKey(parseKeySet(text(signing("a"), signing("b"))), now).kid, "a");
	});

	it("makes refresh tokens with its symmetric key, and without one with what the signing keys give", () => {
		const a = signing("a");
		const b = signing("b");
		const one = refreshKeys(parseKeySet(text(a, secret)));
		assert.deepEqual(one, refreshKeys(parseKeySet(text(b, a, secret))), "a rotation must not log anybody out");
		assert.equal(refreshKeys(parseKeySet(text(a, b))).length, 2);
		assert.notDeepEqual(refreshKeys(parseKeySet(text(a)))[0], Buffer.from(a.d, "base64url"));
	});
});

describe("a rotation", () => {
	const set = parseKeySet(text(signing("old"), secret));
	const after = rotated(set, signing("new"), now, ttl);

	it("shows the new key at once and signs with it when every verifier has it", () => {
		assert.deepEqual(kids(publicKeys(after, now, ttl)), ["new", "old"]);
		assert.equal(currentKey(after, now).kid, "old");
		assert.equal(currentKey(after, now + announcement - 1).kid, "old");
		assert.equal(currentKey(after, now + announcement).kid, "new");
	});

	it("shows the old key until its last token has expired, and no longer", () => {
		const lastToken = now + announcement + ttl;
		assert.deepEqual(kids(publicKeys(after, lastToken, ttl)), ["new", "old"]);
		assert.deepEqual(kids(publicKeys(after, lastToken + 60_000, ttl)), ["new"]);
	});

	it("drops keys that nobody needs when the next one comes", () => {
		const soon = rotated(after, signing("third"), now + 1, ttl);
		assert.deepEqual(kids(soon.signing), ["third", "new", "old"]);
		assert.equal(currentKey(soon, now + 2).kid, "old");
		const late = rotated(after, signing("third"), now + 10 * ttl, ttl);
		assert.deepEqual(kids(late.signing), ["third", "new"]);
		assert.deepEqual(late.secrets, set.secrets);
	});

	it("leaves a key that stands to be used later to sign if there is no other", () => {
		assert.equal(currentKey(parseKeySet(text(signing("future", { usedFrom: now * 2 }))), now).kid, "future");
	});
});

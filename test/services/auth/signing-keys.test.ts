import assert from "node:assert/strict";
import { readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import type { Service, ServiceBroker } from "moleculer";
import { clock } from "../../../config/clock.ts";
import { type AccessTokenMethods, accessTokens } from "../../../mixins/access-token/index.ts";
import { BadKeySet } from "../../../services/auth/key-set.ts";
import { SigningKeys } from "../../../services/auth/signing-keys.adapter.ts";
import { type AuthNode, startAuthNode } from "../../support/auth-node.ts";
import { refused } from "../../support/refused.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const realNow = clock.now;
const ttl = 900_000;
const claims = { sub: "ana", roles: ["buyer"] as const, sid: "s", jti: "s.1", iat: 1, exp: 2_000_000_000 };
const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;

describe("signing keys", () => {
	let dataDir: string;
	let path: string;
	let troubles: Error[];
	beforeEach(async () => {
		dataDir = await tempDir("keys");
		path = join(dataDir, "jwt-keys.json");
		troubles = [];
	});
	afterEach(async () => {
		clock.now = realNow;
		await removeDir(dataDir);
	});
	const pass = (ms: number): void => {
		const before = clock.now;
		clock.now = () => before() + ms;
	};
	const open = (jwtKeys: string | null = null, dir = dataDir): Promise<SigningKeys> =>
		SigningKeys.open({ jwtKeys, dataDir: dir, accessTokenTtl: ttl }, (error) => troubles.push(error));
	const kids = async (keys: SigningKeys): Promise<string[]> => (await keys.publicKeys()).map(({ kid }) => kid);

	it("are made at the first start, for nobody's eyes but the owner's, and kept", async () => {
		const first = await open(null, join(dataDir, "not", "there", "yet"));
		const file = join(dataDir, "not", "there", "yet", "jwt-keys.json");
		assert.equal((await stat(file)).mode & 0o777, 0o600);
		const again = await open(null, join(dataDir, "not", "there", "yet"));
		assert.deepEqual(await again.publicKeys(), await first.publicKeys());
		assert.deepEqual(await again.refreshKeys(), await first.refreshKeys());
		assert.equal((await readdir(join(dataDir, "not", "there", "yet"))).length, 1);
	});

	it("are the same for all processes that start at once", async () => {
		const all = await Promise.all(Array.from({ length: 12 }, () => open()));
		const shown = await Promise.all(all.map(kids));
		for (const each of shown) assert.deepEqual(each, shown[0]);
		assert.deepEqual(await readdir(dataDir), ["jwt-keys.json"]);
	});

	it("sign tokens that anybody can verify with what is published", async () => {
		const keys = await open();
		const token = await keys.signAccessToken(claims);
		const jwks = createLocalJWKSet({ keys: await keys.publicKeys() } as unknown as JSONWebKeySet);
		const { payload, protectedHeader } = await jwtVerify(token, jwks, { issuer: "souk", audience: "souk", typ: "at+jwt" });
		assert.deepEqual(payload, { ...claims, iss: "souk", aud: "souk" });
		assert.equal(protectedHeader.alg, "EdDSA");
		assert.equal(protectedHeader.kid, (await kids(keys))[0]);
	});

	it("come from JWT_KEYS if that is set, and then no file is made", async () => {
		await open();
		const text = await readFile(path, "utf8");
		const elsewhere = join(dataDir, "elsewhere");
		const given = await open(text, elsewhere);
		assert.deepEqual(await given.publicKeys(), await (await open()).publicKeys());
		await assert.rejects(stat(elsewhere), { code: "ENOENT" });
		await refused(given.rotate(), "TRANSITION_REFUSED");
	});

	it("are replaced in JWT_KEYS in three restarts, with nodes of two steps side by side at each", async () => {
		await open();
		const other = join(dataDir, "other");
		await open(null, other);
		const { keys: old } = JSON.parse(await readFile(path, "utf8")) as { keys: { kty: string; kid: string }[] };
		const { keys: made } = JSON.parse(await readFile(join(other, "jwt-keys.json"), "utf8")) as { keys: typeof old };
		const [first, second] = [old, made].map((keys) => keys.find(({ kty }) => kty === "OKP"));
		const secret = old.find(({ kty }) => kty === "oct");
		const sets = [[first], [first, second], [second, first], [second]].map((signing) =>
			JSON.stringify({ keys: [...signing, secret] }),
		);
		const nodes = await Promise.all(sets.map((set) => open(set)));
		for (const [step, node] of nodes.entries()) {
			const neighbour = nodes[step + 1] ?? node;
			// Either may have signed, and a gateway may ask either for the keys. The last step waits until the old tokens have ended.
			const signers = step === 2 ? [node] : [node, neighbour];
			for (const signer of signers) {
				const token = await signer.signAccessToken(claims);
				for (const asked of [node, neighbour]) {
					const jwks = createLocalJWKSet({ keys: await asked.publicKeys() } as unknown as JSONWebKeySet);
					assert.equal((await jwtVerify(token, jwks)).payload.sub, claims.sub, `step ${step + 1}`);
				}
			}
			assert.deepEqual(await neighbour.refreshKeys(), await node.refreshKeys());
		}
	});

	it("stop the start when they cannot be used", async () => {
		await assert.rejects(open("{}"), (error) => error instanceof BadKeySet && error.message.startsWith("JWT_KEYS: "));
		await writeFile(path, "torn");
		await assert.rejects(open(), BadKeySet);
	});

	it("rotate: published at once, used half a minute later, the old one gone when its tokens are", async () => {
		const keys = await open();
		const [old = ""] = await kids(keys);
		const fresh = await keys.rotate();
		assert.deepEqual(await kids(keys), [fresh, old]);
		assert.equal(kidOf(await keys.signAccessToken(claims)), old);
		pass(30_000);
		assert.equal(kidOf(await keys.signAccessToken(claims)), fresh);
		assert.deepEqual(await kids(keys), [fresh, old]);
		pass(ttl + 60_000);
		assert.deepEqual(await kids(keys), [fresh]);
		assert.equal((await stat(path)).mode & 0o777, 0o600);
	});

	it("rotate in one process and count in all", async () => {
		const here = await open();
		const there = await open();
		const before = await there.refreshKeys();
		const fresh = await here.rotate();
		assert.equal((await kids(there))[0], fresh);
		pass(30_000);
		assert.equal(kidOf(await there.signAccessToken(claims)), fresh);
		assert.deepEqual(await there.refreshKeys(), before);
	});

	it("rotate in one process at a time, and a lock whose holder died does not stop them", async () => {
		const keys = await open();
		await writeFile(`${path}.lock`, "");
		await refused(keys.rotate(), "UNAVAILABLE");
		const longAgo = new Date(Date.now() - 60_000);
		await utimes(`${path}.lock`, longAgo, longAgo);
		const fresh = await keys.rotate();
		assert.equal((await kids(keys))[0], fresh);
		assert.deepEqual(await readdir(dataDir), ["jwt-keys.json"]);
	});

	it("stay what they were when the file was edited into something unusable, and somebody is told once", async () => {
		const keys = await open();
		const before = await kids(keys);
		const text = await readFile(path, "utf8");
		await writeFile(path, "{}");
		assert.deepEqual(await kids(keys), before);
		assert.deepEqual(await kids(keys), before);
		assert.equal(troubles.length, 1);
		await writeFile(path, text);
		assert.deepEqual(await kids(keys), before);
	});

	it("stay what they were when the file is gone", async () => {
		const keys = await open();
		const token = await keys.signAccessToken(claims);
		await rm(path);
		assert.equal(await keys.signAccessToken(claims), token);
		await kids(keys);
		assert.equal(troubles.length, 1);
	});
});

describe("a rotation seen from a gateway", () => {
	let node: AuthNode;
	let dataDir: string;
	let door: Service & AccessTokenMethods;
	let near: ServiceBroker;
	before(async () => {
		dataDir = await tempDir("rotation");
		node = await startAuthNode({ kind: "embedded", dataDir }, { dataDir });
		near = node.broker;
		door = near.createService({ name: "door", mixins: [accessTokens({ reloadEvery: 60_000 }) as never] }) as typeof door;
		await until("the door to be ready", async () => door.accessTokensReady(), Boolean);
	});
	after(async () => {
		clock.now = realNow;
		await node?.stop();
		await removeDir(dataDir);
	});

	it("takes tokens of the old and of the new key, and refresh tokens from before", async () => {
		const ana = await node.somebody();
		assert.equal((await door.verifyAccessToken(ana.accessToken)).id, ana.user.id);
		const { kid } = await node.call<{ kid: string }>("rotateKeys");
		clock.now = () => realNow() + 31_000;
		const next = await node.call<{ accessToken: string }>("refresh", { refreshToken: ana.refreshToken });
		assert.equal(kidOf(next.accessToken), kid);
		assert.equal((await door.verifyAccessToken(next.accessToken)).id, ana.user.id);
		assert.equal((await door.verifyAccessToken(ana.accessToken)).id, ana.user.id);
		const { keys } = await node.call<{ keys: object[] }>("jwks");
		assert.equal(keys.length, 2);
		assert.ok(!JSON.stringify(keys).includes('"d"') && !JSON.stringify(keys).includes('"k"'));
	});

	it("refuses a token from the moment its session was ended, here and without a pause", async () => {
		const ana = await node.somebody();
		const phone = await node.login(ana.email);
		await door.verifyAccessToken(phone.accessToken);
		await node.call("changePassword", { current: "correct horse battery staple", next: "another good password" }, ana.from);
		await refused(door.verifyAccessToken(phone.accessToken), "UNAUTHORIZED");
		await door.verifyAccessToken(ana.accessToken);
		await node.call("logout", {}, ana.from);
		await refused(door.verifyAccessToken(ana.accessToken), "UNAUTHORIZED");
	});
});

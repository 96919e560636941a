import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, type JWTPayload, UnsecuredJWT } from "jose";
import { type Service, ServiceBroker } from "moleculer";
import { clock } from "../../../config/clock.ts";
import { DomainError, type ErrorCode } from "../../../contracts/errors.ts";
import { type AccessTokenMethods, accessTokens } from "../../../mixins/access-token/index.ts";
import { type FakeAuth, fakeAuth } from "../../support/fake-auth.ts";
import { until } from "../../support/until.ts";

type Door = Service & AccessTokenMethods;

const realNow = clock.now;
const minute = 60_000;

describe("accessTokens()", () => {
	let broker: ServiceBroker;
	let auth: FakeAuth;
	let door: Door;

	/** What is remembered of a token: who holds it, that nobody does, or the code by which it is refused. */
	const recalled = (token: string): unknown => {
		try {
			return door.knownAccessToken(token);
		} catch (error) {
			assert.ok(error instanceof DomainError);
			return error.code;
		}
	};

	const refuses = async (code: ErrorCode, token: string): Promise<void> => {
		assert.ok([code, null].includes(recalled(token) as ErrorCode | null));
		await assert.rejects(door.verifyAccessToken(token), (error) => error instanceof DomainError && error.code === code);
		assert.ok([code, null].includes(recalled(token) as ErrorCode | null));
	};

	/** The clock stands still: what happens once a second then happens once. */
	const stopClock = (): ((ms: number) => void) => {
		let now = realNow();
		clock.now = () => now;
		return (ms) => {
			now += ms;
		};
	};

	const open = async (reloadEvery = minute): Promise<void> => {
		door = broker.createService({ name: "door", mixins: [accessTokens({ reloadEvery, remembered: 3 }) as never] }) as Door;
		await until("the door to be ready", () => Promise.resolve(door.accessTokensReady()), Boolean);
	};

	beforeEach(async () => {
		auth = await fakeAuth();
		broker = new ServiceBroker({ logger: false });
		broker.createService(auth.schema);
		await broker.start();
	});
	afterEach(async () => {
		clock.now = realNow;
		await broker.stop();
	});

	it("tells who holds a token, the first time and every time", async () => {
		await open();
		const token = await auth.sign({ sub: "ana", roles: ["buyer", "seller"], sid: "s1" });
		assert.equal(recalled(token), null);
		const caller = await door.verifyAccessToken(token);
		assert.equal(recalled(token), caller);
		const { expiresAt, ...who } = caller;
		assert.deepEqual(who, { id: "ana", roles: ["buyer", "seller"], sessionId: "s1" });
		assert.ok(expiresAt > clock.now() && expiresAt <= clock.now() + 900_000);
		assert.equal(await door.verifyAccessToken(token), caller);
	});

	it("remembers a bounded number of tokens and still takes the others", async () => {
		await open();
		const tokens = await Promise.all(["a", "b", "c", "d", "e"].map((sub) => auth.sign({ sub })));
		for (const round of [1, 2]) {
			for (const [index, token] of tokens.entries()) {
				assert.equal((await door.verifyAccessToken(token)).id, "abcde"[index], `round ${round}`);
			}
		}
	});

	it("refuses a token that expired, also one that was remembered", async () => {
		const pass = stopClock();
		await open();
		const token = await auth.sign();
		await door.verifyAccessToken(token);
		pass(15 * minute);
		await refuses("TOKEN_EXPIRED", token);
		await refuses("TOKEN_EXPIRED", token);
	});

	it("refuses an expired token with a wrong signature as invalid, not as expired", async () => {
		await open();
		const stranger = await generateKeyPair("EdDSA");
		await refuses("UNAUTHORIZED", await auth.sign({ exp: 1 }, {}, stranger.privateKey));
	});

	it("refuses what is no token, and what is far too long to be one", async () => {
		await open();
		for (const text of ["", ".", "..", "a.b.c", "Bearer x", "é".repeat(10), "x".repeat(100_000)])
			await refuses("UNAUTHORIZED", text);
	});

	it("refuses another issuer, audience or type of token, and missing claims", async () => {
		await open();
		await refuses("UNAUTHORIZED", await auth.sign({ iss: "other" }));
		await refuses("UNAUTHORIZED", await auth.sign({ aud: "other" }));
		await refuses("UNAUTHORIZED", await auth.sign({}, { typ: "JWT" }));
		for (const claim of ["sub", "sid", "roles", "exp", "iat"])
			await refuses("UNAUTHORIZED", await auth.sign({ [claim]: undefined }));
		await refuses("UNAUTHORIZED", await auth.sign({ roles: ["root"] }));
		await refuses("UNAUTHORIZED", await auth.sign({ roles: "admin" }));
	});

	it("refuses alg none", async () => {
		await open();
		const signed = await auth.sign();
		const payload = JSON.parse(Buffer.from(signed.split(".")[1] ?? "", "base64url").toString()) as JWTPayload;
		await refuses("UNAUTHORIZED", new UnsecuredJWT(payload).encode());
		const header = Buffer.from(JSON.stringify({ alg: "none", kid: "k1", typ: "at+jwt" })).toString("base64url");
		await refuses("UNAUTHORIZED", `${header}.${signed.split(".")[1]}.`);
		await refuses("UNAUTHORIZED", `${header}.${signed.split(".")[1]}.${signed.split(".")[2]}`);
	});

	it("refuses a token signed with the public key as an HMAC secret", async () => {
		await open();
		const secret = Buffer.from(auth.keys[0]?.x ?? "", "base64url");
		await refuses("UNAUTHORIZED", await auth.sign({}, { alg: "HS256" }, secret));
	});

	it("refuses a key of another type, even if it stands in the set", async () => {
		const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
		auth.keys.push({ ...(await exportJWK(publicKey)), kid: "es", alg: "ES256" });
		await open();
		await refuses("UNAUTHORIZED", await auth.sign({}, { alg: "ES256", kid: "es" }, privateKey));
	});

	it("refuses a key that the token brings along", async () => {
		await open();
		const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
		const jwk = await exportJWK(publicKey);
		await refuses("UNAUTHORIZED", await auth.sign({}, { jwk }, privateKey));
		await refuses("UNAUTHORIZED", await auth.sign({}, { jwk, kid: undefined }, privateKey));
	});

	it("asks for the keys again when it meets a new one", async () => {
		const pass = stopClock();
		await open();
		await door.verifyAccessToken(await auth.sign());
		await auth.rotate("k2");
		pass(1_000);
		assert.equal((await door.verifyAccessToken(await auth.sign({ sub: "ben" }))).id, "ben");
	});

	it("asks at most once a second for keys that nobody knows", async () => {
		const pass = stopClock();
		await open();
		await door.verifyAccessToken(await auth.sign());
		const before = auth.asked.jwks;
		pass(1_000);
		const made = await Promise.all(Array.from({ length: 20 }, (_, index) => auth.sign({}, { kid: `made-up-${index}` })));
		await Promise.all(made.map((token) => refuses("UNAUTHORIZED", token)));
		for (const token of made) await refuses("UNAUTHORIZED", token);
		assert.equal(auth.asked.jwks, before + 1);
		pass(1_000);
		await refuses("UNAUTHORIZED", made[0] ?? "");
		assert.equal(auth.asked.jwks, before + 2);
	});

	it("no longer trusts a remembered token whose key left the set", async () => {
		await open(20);
		const token = await auth.sign();
		await door.verifyAccessToken(token);
		auth.keys.length = 0;
		const outcome = () =>
			door.verifyAccessToken(token).then(
				() => "taken",
				(error: DomainError) => error.code,
			);
		await until("the key to be forgotten", outcome, (seen) => seen === "UNAUTHORIZED");
	});

	it("refuses the tokens of a session from the moment it hears that it ended", async () => {
		await open();
		const token = await auth.sign({ sid: "s9" });
		await door.verifyAccessToken(token);
		await broker.broadcast("auth.session_ended", { sessionId: "s9", until: clock.now() + minute });
		assert.equal(recalled(token), "UNAUTHORIZED");
		await refuses("UNAUTHORIZED", token);
		await refuses("UNAUTHORIZED", await auth.sign({ sid: "s9", sub: "again" }));
		await door.verifyAccessToken(await auth.sign({ sid: "s8" }));
	});

	it("knows the sessions that ended before it started", async () => {
		auth.ended.push({ sessionId: "s1", until: clock.now() + minute });
		await open();
		await refuses("UNAUTHORIZED", await auth.sign({ sid: "s1" }));
	});

	it("finds an ended session of which it heard nothing", async () => {
		await open(20);
		const token = await auth.sign({ sid: "s1" });
		await door.verifyAccessToken(token);
		auth.ended.push({ sessionId: "s1", until: clock.now() + minute });
		const outcome = () =>
			door.verifyAccessToken(token).then(
				() => "taken",
				(error: DomainError) => error.code,
			);
		await until("the session to end", outcome, (seen) => seen === "UNAUTHORIZED");
	});

	it("takes nobody while auth is away, and everybody once it is there", async () => {
		const alone = new ServiceBroker({ logger: false });
		const lonely = alone.createService({ name: "door", mixins: [accessTokens() as never] }) as Door;
		await alone.start();
		try {
			const token = await auth.sign();
			const outcome = () =>
				lonely.verifyAccessToken(token).then(
					(caller) => caller.id,
					(error: DomainError) => error.code,
				);
			assert.equal(await outcome(), "UNAVAILABLE");
			assert.equal(lonely.accessTokensReady(), false);
			alone.createService(auth.schema);
			await until("the token to be taken", outcome, (id) => id === "ana");
			assert.equal(lonely.accessTokensReady(), true);
		} finally {
			await alone.stop();
		}
	});
});

import assert from "node:assert/strict";
import { type Service, ServiceBroker } from "moleculer";
import { clock } from "../../../config/clock.ts";
import type { ServiceCaller } from "../../../contracts/call.ts";
import { DomainError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { type ServiceKeyClaim, type ServiceKeyMethods, serviceKeys } from "../../../mixins/service-key/index.ts";
import { parseServiceKey } from "../../../mixins/service-key/key-text.ts";
import { ServiceKeyVerifier } from "../../../mixins/service-key/verifier.ts";
import { type FakeAuth, fakeAuth } from "../../support/fake-auth.ts";
import { refused } from "../../support/refused.ts";
import { madeUpKey, program } from "../../support/service-key.ts";

const realNow = clock.now;
const free = async (): Promise<void> => undefined;

describe("the text of a service key", () => {
	it("is read for its id and its hash, and for nothing else", () => {
		const id = newId();
		const key = madeUpKey(id);
		const claim = parseServiceKey(key);
		assert.equal(claim?.id, id);
		assert.ok(!key.includes(claim?.digest ?? key));
	});

	it("is refused in any other form", () => {
		const key = madeUpKey();
		for (const text of ["", "souk_", key.slice(1), key.slice(0, -1), `${key}x`, ` ${key}`, `${key}\n`, `${key}, ${key}`]) {
			assert.equal(parseServiceKey(text), null, JSON.stringify(text));
		}
	});
});

describe("a verifier of service keys", () => {
	let now: number;
	let asked: ServiceKeyClaim[];
	let answer: (claim: ServiceKeyClaim) => Promise<ServiceCaller | null>;
	let verifier: ServiceKeyVerifier;
	const id = newId();
	const key = madeUpKey(id);
	const caller: ServiceCaller = { keyId: id, name: "Importer", scopes: ["intake"] };

	beforeEach(() => {
		now = realNow();
		clock.now = () => now;
		asked = [];
		answer = async () => caller;
		const ask = (claim: ServiceKeyClaim) => {
			asked.push(claim);
			return answer(claim);
		};
		verifier = new ServiceKeyVerifier({ ask, life: 5_000, remembered: 3 });
	});
	afterEach(() => {
		clock.now = realNow;
	});

	it("asks once, believes the answer for its life, and then asks again", async () => {
		for (let n = 0; n < 3; n++) assert.equal(await verifier.verify(key, free), caller);
		assert.equal(asked.length, 1);
		now += 5_000;
		await verifier.verify(key, free);
		assert.equal(asked.length, 2);
		answer = async () => null;
		now += 5_000;
		await refused(verifier.verify(key, free), "UNAUTHORIZED");
	});

	it("does not believe it for longer because a clock was set back", async () => {
		await verifier.verify(key, free);
		now -= 3_600_000;
		await verifier.verify(key, free);
		assert.equal(asked.length, 2);
	});

	it("counts the life from the question, however late the answer is", async () => {
		answer = async () => {
			now += 6_000;
			return caller;
		};
		await verifier.verify(key, free);
		await verifier.verify(key, free);
		assert.equal(asked.length, 2);
	});

	it("asks once for many that come at the same time, and again after a failure", async () => {
		const failing = Promise.withResolvers<ServiceCaller | null>();
		answer = () => failing.promise;
		const all = Promise.allSettled(Array.from({ length: 20 }, () => verifier.verify(key, free)));
		failing.reject(new DomainError("UNAVAILABLE"));
		for (const outcome of await all) assert.equal(outcome.status, "rejected");
		assert.equal(asked.length, 1);
		answer = async () => caller;
		await verifier.verify(key, free);
		assert.equal(asked.length, 2);
	});

	it("refuses a key from the moment it hears that it is revoked, whatever auth may still say", async () => {
		await verifier.verify(key, free);
		verifier.revoke(id);
		await refused(verifier.verify(key, free), "UNAUTHORIZED");
		assert.equal(asked.length, 1);
	});

	it("refuses a key that is revoked while the answer is on its way, and does not remember the answer", async () => {
		const late = Promise.withResolvers<ServiceCaller | null>();
		answer = () => late.promise;
		const outcome = refused(verifier.verify(key, free), "UNAUTHORIZED");
		await new Promise(setImmediate);
		assert.equal(asked.length, 1);
		verifier.revoke(id);
		late.resolve(caller);
		await outcome;
		await refused(verifier.verify(key, free), "UNAUTHORIZED");
	});

	it("takes another secret under the same id for another key", async () => {
		answer = async ({ digest }) => (digest === parseServiceKey(key)?.digest ? caller : null);
		await verifier.verify(key, free);
		await refused(verifier.verify(madeUpKey(id), free), "UNAUTHORIZED");
		assert.equal(await verifier.verify(key, free), caller);
	});

	it("lets somebody count, and refuse, whatever it does not know to be good", async () => {
		let counted = 0;
		const counts = async (): Promise<void> => {
			if (++counted > 3) throw new DomainError("RATE_LIMITED");
		};
		await verifier.verify(key, counts);
		await verifier.verify(key, counts);
		assert.equal(counted, 1);
		answer = async () => null;
		await refused(verifier.verify("no key at all", counts), "UNAUTHORIZED");
		await refused(verifier.verify(madeUpKey(), counts), "UNAUTHORIZED");
		await refused(verifier.verify(madeUpKey(), counts), "RATE_LIMITED");
		assert.equal(asked.length, 2);
		assert.equal(await verifier.verify(key, counts), caller);
	});

	it("remembers a bounded number of keys and still takes the others", async () => {
		const keys = Array.from({ length: 5 }, () => madeUpKey());
		answer = async (claim) => ({ ...caller, keyId: claim.id });
		for (const one of keys) await verifier.verify(one, free);
		await verifier.verify(keys[4] ?? "", free);
		assert.equal(asked.length, 5);
		await verifier.verify(keys[0] ?? "", free);
		assert.equal(asked.length, 6);
	});
});

describe("serviceKeys()", () => {
	let broker: ServiceBroker;
	let auth: FakeAuth;
	let door: Service & ServiceKeyMethods;
	beforeEach(async () => {
		auth = await fakeAuth();
		broker = new ServiceBroker({ logger: false });
		door = broker.createService({ name: "door", mixins: [serviceKeys({ life: 3_600_000 }) as never] }) as typeof door;
		await broker.start();
	});
	afterEach(() => broker.stop());

	it("asks the service auth, and nobody can change what it answered", async () => {
		broker.createService(auth.schema);
		await broker.waitForServices("auth");
		const { key, caller } = program(auth);
		const seen = await door.verifyServiceKey(key, free);
		assert.deepEqual(seen, caller);
		assert.ok(Object.isFrozen(seen));
		await refused(door.verifyServiceKey(madeUpKey(), free), "UNAUTHORIZED");
	});

	it("hears of revoked keys", async () => {
		broker.createService(auth.schema);
		await broker.waitForServices("auth");
		const { key, caller } = program(auth);
		await door.verifyServiceKey(key, free);
		await broker.broadcast("auth.key_revoked", { keyId: caller.keyId });
		await refused(door.verifyServiceKey(key, free), "UNAUTHORIZED");
	});

	it("refuses nobody as unauthorized because auth is away", async () => {
		await assert.rejects(door.verifyServiceKey(madeUpKey(), free), { type: "SERVICE_NOT_FOUND" });
	});
});

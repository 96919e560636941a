import assert from "node:assert/strict";
import { newId } from "../../../contracts/ids.ts";
import { type VolatileRedis, volatileRedis } from "../../../mixins/redis/volatile-redis.ts";
import { type LoginThrottle, loginThrottle } from "../../../services/auth/login-throttle.adapter.ts";
import { type AuthNode, password, startAuthNode } from "../../support/auth-node.ts";
import { refused } from "../../support/refused.ts";
import { needsOwn, type RunningServer, startRedis } from "../../support/servers.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const limit = { count: 3, seconds: 60 } as const;
const home = "192.0.2.1";
const elsewhere = "198.51.100.9";

const fail = async (throttle: LoginThrottle, who: string, address: string, times: number): Promise<void> => {
	for (let count = 0; count < times; count++) await throttle.attempt(who, address);
};

const throttling = (make: () => LoginThrottle): void => {
	it("refuses a pair of e-mail and address after its count, and says when to come again", async () => {
		const throttle = make();
		const who = newId();
		await fail(throttle, who, home, 3);
		const { extras } = await refused(throttle.attempt(who, home), "RATE_LIMITED");
		assert.ok(extras.retryAfter !== undefined && extras.retryAfter > 0 && extras.retryAfter <= 60);
	});

	it("does not lock the owner out when somebody guesses from elsewhere", async () => {
		const throttle = make();
		const who = newId();
		await fail(throttle, who, elsewhere, 3);
		await refused(throttle.attempt(who, elsewhere), "RATE_LIMITED");
		await throttle.attempt(who, home);
	});

	it("refuses an address that tries many accounts", async () => {
		const throttle = make();
		const address = newId();
		for (let count = 0; count < 30; count++) await throttle.attempt(newId(), address);
		await refused(throttle.attempt(newId(), address), "RATE_LIMITED");
		await throttle.attempt(newId(), newId());
	});

	it("takes a line of IPv6 for one address, whichever of its own it uses", async () => {
		const throttle = make();
		const who = newId();
		const group = () => Math.trunc(Math.random() * 65_536).toString(16);
		const line = `2001:db8:${group()}:${group()}`;
		for (let count = 0; count < 3; count++) await throttle.attempt(who, `${line}::${count}`);
		await refused(throttle.attempt(who, `${line}:1:2:3:4`), "RATE_LIMITED");
		for (let count = 0; count < 26; count++) await throttle.attempt(newId(), `${line}::${count}`);
		await refused(throttle.attempt(newId(), `${line}::abcd`), "RATE_LIMITED");
	});

	it("starts the count anew after a right password, for the address as well", async () => {
		const throttle = make();
		const who = newId();
		const address = newId();
		for (let count = 0; count < 40; count++) await (await throttle.attempt(who, address))();
		await fail(throttle, who, address, 3);
		await refused(throttle.attempt(who, address), "RATE_LIMITED");
	});

	it("counts tries that come at once", async () => {
		const throttle = make();
		const who = newId();
		const address = newId();
		const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => throttle.attempt(who, address)));
		assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
	});
};

describe("throttling log-ins, in one process", () => {
	throttling(() => loginThrottle(limit, null, "test"));

	it("can be off", async () => {
		const throttle = loginThrottle("off", null, "test");
		await fail(throttle, "who", home, 500);
	});

	it("allows a hundred tries an hour of one pair, however short the window", async () => {
		const generous = loginThrottle({ count: 50, seconds: 1 }, null, "test");
		const tries = await Promise.allSettled(Array.from({ length: 50 }, () => generous.attempt("who", home)));
		assert.ok(tries.every(({ status }) => status === "fulfilled"));
		await until(
			"the next window",
			() =>
				generous.attempt("who", home).then(
					() => true,
					() => false,
				),
			Boolean,
		);
		await until(
			"the hour's count to be used up",
			() =>
				generous.attempt("who", home).then(
					() => 0,
					(error: { extras: { retryAfter: number } }) => error.extras.retryAfter,
				),
			(retryAfter) => retryAfter > 60,
		);
	});
});

describe("throttling log-ins, on Redis", () => {
	let server: RunningServer | undefined;
	const open: VolatileRedis[] = [];
	const prefix = `test-${newId()}`;
	const connect = async (): Promise<VolatileRedis> => {
		const redis = volatileRedis(server?.url ?? "", () => undefined);
		open.push(redis);
		redis.connect();
		await until("redis to be up", async () => redis.isUp(), Boolean);
		return redis;
	};
	let shared: VolatileRedis;
	before(async function () {
		needsOwn(this, "redis");
		server = await startRedis({ own: true });
		shared = await connect();
	});
	after(async () => {
		for (const redis of open) redis.close();
		await server?.stop();
	});

	throttling(() => loginThrottle(limit, shared, prefix));

	it("counts over all nodes, and stores no e-mail address", async () => {
		const nodes = [loginThrottle(limit, shared, prefix), loginThrottle(limit, await connect(), prefix)] as const;
		await fail(nodes[0], "ana@example.com", "203.0.113.4", 2);
		await fail(nodes[1], "ana@example.com", "203.0.113.4", 1);
		for (const node of nodes) await refused(node.attempt("ana@example.com", "203.0.113.4"), "RATE_LIMITED");
		const names = await shared.client.keys("*");
		assert.ok(names.length > 0 && names.every((name) => name.startsWith(prefix) && !name.includes("ana")));
	});

	it("goes on counting in each process when Redis dies", async () => {
		const throttle = loginThrottle(limit, shared, prefix);
		const who = newId();
		await server?.kill();
		await fail(throttle, who, "203.0.113.5", 3);
		await refused(throttle.attempt(who, "203.0.113.5"), "RATE_LIMITED");
	});
});

describe("log-in under a limit", () => {
	let node: AuthNode;
	let dataDir: string;
	before(async () => {
		dataDir = await tempDir("throttle");
		const rateLimits = { login: limit, api: "off", posts: "off" } as const;
		node = await startAuthNode({ kind: "embedded", dataDir }, { dataDir, profile: { rateLimits } });
	});
	after(async () => {
		await node?.stop();
		await removeDir(dataDir);
	});
	const wrong = { password: "another good password" };

	it("refuses even the right password from where the guesses came, and takes it from elsewhere", async () => {
		const { email } = await node.register();
		for (let count = 0; count < 3; count++) await refused(node.login(email, { ...wrong, address: elsewhere }), "BAD_CREDENTIALS");
		const { extras } = await refused(node.login(email, { address: elsewhere }), "RATE_LIMITED");
		assert.ok((extras.retryAfter ?? 0) > 0);
		await node.login(email, { address: home });
	});

	it("throttles unknown addresses just the same", async () => {
		const email = `${newId()}@example.com`;
		for (let count = 0; count < 3; count++) await refused(node.login(email, wrong), "BAD_CREDENTIALS");
		await refused(node.login(email, wrong), "RATE_LIMITED");
	});

	it("forgives wrong passwords once the right one came", async () => {
		const { email } = await node.register();
		for (let round = 0; round < 3; round++) {
			for (let count = 0; count < 2; count++) await refused(node.login(email, wrong), "BAD_CREDENTIALS");
			await node.login(email);
		}
	});

	it("counts guesses of the current password by whoever holds a token", async () => {
		const ana = await node.somebody();
		const guess = () => node.call("changePassword", { current: "not my password", next: password }, ana.from);
		for (let count = 0; count < 3; count++) await refused(guess(), "BAD_CREDENTIALS");
		await refused(guess(), "RATE_LIMITED");
	});
});

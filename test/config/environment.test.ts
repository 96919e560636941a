import assert from "node:assert/strict";
import { resolve } from "node:path";
import { type Environment, readEnvironment, SettingsError } from "../../config/environment.ts";
import { chosenServices } from "../../scripts/node/services.ts";

const refusalOf = (env: Environment): SettingsError => {
	try {
		readEnvironment(env);
	} catch (error) {
		assert.ok(error instanceof SettingsError, String(error));
		return error;
	}
	return assert.fail("the settings were accepted");
};

const cluster = {
	TRANSPORTER: "nats://bus:4222",
	MONGO_URL: "mongodb://a:27017,b:27017/souk?replicaSet=rs0",
	REDIS_URL: "redis://cache:6379",
};

describe("settings from the environment", () => {
	it("are the embedded profile when nothing is set", () => {
		const profile = readEnvironment({});
		assert.equal(profile.kind, "embedded");
		assert.deepEqual(profile.store, { kind: "embedded", dataDir: resolve("data") });
		assert.equal(profile.port, 7000);
		assert.equal(profile.publicUrl, "http://localhost:7000");
		assert.equal(profile.services, "all");
		assert.equal(profile.accessTokenTtl, 900_000);
		assert.deepEqual(profile.groups, {
			orders: {},
			payment: {},
			chat: {},
			notification: {},
			notification_chat: {},
			email: {},
			email_chat: {},
		});
	});

	it("are the cluster profile when all three URLs are set", () => {
		const profile = readEnvironment(cluster);
		assert.equal(profile.kind, "cluster");
		assert.equal(profile.transporter, cluster.TRANSPORTER);
		assert.deepEqual(profile.store, { kind: "mongo", url: cluster.MONGO_URL });
		assert.equal(profile.redisUrl, cluster.REDIS_URL);
	});

	it("refuse a transporter without a shared database and a shared cache, and name both", () => {
		assert.deepEqual(refusalOf({ TRANSPORTER: cluster.TRANSPORTER }).variables, ["MONGO_URL", "REDIS_URL"]);
		const { TRANSPORTER, MONGO_URL } = cluster;
		assert.deepEqual(refusalOf({ TRANSPORTER, MONGO_URL }).variables, ["REDIS_URL"]);
	});

	it("refuse the change feed where there is no cluster, and say what it needs", () => {
		const { variables, message } = refusalOf({ SERVICES: "orders,cdc" });
		assert.deepEqual(variables, ["SERVICES"]);
		assert.match(message, /SERVICES names cdc, which only a cluster has: set TRANSPORTER, MONGO_URL and REDIS_URL too/);
		assert.deepEqual(readEnvironment({ ...cluster, SERVICES: "cdc" }).services, ["cdc"]);
		const all = [readEnvironment({}), readEnvironment(cluster)].map((profile) => chosenServices(profile).includes("cdc"));
		assert.deepEqual(all, [false, true]);
	});

	it("take MongoDB alone and Redis alone in one process", () => {
		const withMongo = readEnvironment({ MONGO_URL: cluster.MONGO_URL });
		assert.deepEqual([withMongo.kind, withMongo.store.kind, withMongo.redisUrl], ["embedded", "mongo", null]);
		const withRedis = readEnvironment({ REDIS_URL: cluster.REDIS_URL });
		assert.deepEqual([withRedis.kind, withRedis.store.kind, withRedis.redisUrl], ["embedded", "embedded", cluster.REDIS_URL]);
	});

	it("name every wrong variable at once, each with what would be right", () => {
		const refusal = refusalOf({
			PORT: "70000",
			RATE_LIMIT_API: "many",
			ACCESS_TOKEN_TTL: "soon",
			AUTO_MIGRATE: "perhaps",
			LOG_LEVEL: "loud",
			SERVICES: "gateway,kitchen",
			CORS_ORIGINS: "https://shop.example/path",
			REDIS_URL: "http://cache",
			ORDERS_MAX_TRIES: "0",
		});
		assert.deepEqual(
			[...refusal.variables].sort(),
			[
				"ACCESS_TOKEN_TTL",
				"AUTO_MIGRATE",
				"CORS_ORIGINS",
				"LOG_LEVEL",
				"ORDERS_MAX_TRIES",
				"PORT",
				"RATE_LIMIT_API",
				"REDIS_URL",
				"SERVICES",
			].sort(),
		);
		assert.match(refusal.message, /PORT must be a whole number from 0 to 65535/);
		assert.match(refusal.message, /SERVICES must be one of gateway, auth, orders, payment, chat/);
	});

	it("never repeat a value, which may be a password", () => {
		const secret = "hunter2hunter2";
		const refusal = refusalOf({
			MONGO_URL: `mongo://souk:${secret}@db`,
			REDIS_URL: `http://:${secret}@cache`,
			TRANSPORTER: `amqp://souk:${secret}@bus`,
			WEBHOOK_SECRETS: `${secret} ${secret}`,
			ADMIN_PASSWORD: secret,
			STRIPE_SECRET_KEY: secret,
		});
		assert.equal(refusal.variables.length, 6);
		assert.ok(!refusal.message.includes(secret), refusal.message);
	});

	it("refuse an unknown SOUK_ name, which is a misspelt one, but not those of the tests", () => {
		assert.deepEqual(refusalOf({ SOUK_PROT: "7000", SOUK_TEST_REQUIRE: "all" }).variables, ["SOUK_PROT"]);
	});

	it("refuse half of what belongs together", () => {
		assert.deepEqual(refusalOf({ ADMIN_EMAIL: "boss@example.com" }).variables, ["ADMIN_PASSWORD"]);
		assert.deepEqual(refusalOf({ DKIM_KEY: "k" }).variables, ["DKIM_DOMAIN", "DKIM_SELECTOR"]);
	});

	it("take Stripe's key together with the address that buyers come back to", () => {
		const stripe = { STRIPE_SECRET_KEY: "sk_test_51Souk" };
		assert.deepEqual(refusalOf(stripe).variables, ["PUBLIC_URL"]);
		const profile = readEnvironment({ ...stripe, PUBLIC_URL: "https://souk.example" });
		assert.deepEqual(profile.stripe, { secretKey: "sk_test_51Souk", apiUrl: "https://api.stripe.com" });
		assert.equal(readEnvironment({}).stripe, null);
	});

	it("refuse what is no secret key of Stripe's, and to send one for real money in the clear", () => {
		const PUBLIC_URL = "https://souk.example";
		for (const key of ["pk_live_51Souk", "sk_51Souk", "sk_test_", "whsec_51SoukSoukSouk"])
			assert.deepEqual(refusalOf({ STRIPE_SECRET_KEY: key, PUBLIC_URL }).variables, ["STRIPE_SECRET_KEY"], key);
		const standIn = { STRIPE_API_URL: "http://127.0.0.1:12111", PUBLIC_URL };
		assert.deepEqual(refusalOf({ ...standIn, STRIPE_SECRET_KEY: "rk_live_51Souk" }).variables, ["STRIPE_API_URL"]);
		assert.equal(readEnvironment({ ...standIn, STRIPE_SECRET_KEY: "sk_test_51Souk" }).stripe?.apiUrl, standIn.STRIPE_API_URL);
		assert.deepEqual(refusalOf({ STRIPE_API_URL: "https://somebody@stripe.example" }).variables, ["STRIPE_API_URL"]);
	});

	it("read lists, limits, times and the policy of a group", () => {
		const profile = readEnvironment({
			SERVICES: "orders, payment,orders",
			CORS_ORIGINS: "https://a.example, http://localhost:5173",
			RATE_LIMIT_LOGIN: "5/300",
			RATE_LIMIT_POSTS: "off",
			ORDER_EXPIRES_AFTER: "90",
			PAYMENT_DUE_AFTER: "36h",
			ACCESS_TOKEN_TTL: "1500ms",
			PAYMENT_MAX_TRIES: "3",
			PAYMENT_BACKOFF_MS: "50",
		});
		assert.deepEqual(profile.services, ["orders", "payment"]);
		assert.deepEqual(profile.corsOrigins, ["https://a.example", "http://localhost:5173"]);
		assert.deepEqual(profile.rateLimits.login, { count: 5, seconds: 300 });
		assert.equal(profile.rateLimits.posts, "off");
		assert.equal(profile.orderExpiresAfter, 90_000);
		assert.equal(profile.paymentDueAfter, 36 * 3_600_000);
		assert.equal(profile.accessTokenTtl, 1_500);
		assert.deepEqual(profile.groups.payment, { tries: 3, backoffMs: 50 });
	});

	it("refuse lives that are shorter than what rests on them, and say what does", () => {
		const { message, variables } = refusalOf({
			...{ RETAIN_REQUESTS: "23h", RETAIN_MAILS: "7d", RETAIN_WINDOWS: "1h", RETAIN_WEBHOOKS: "3d", RETAIN_DEAD_LETTERS: "1m" },
			...{ EMAIL_DEDUPE_MS: "604800000", CDC_KEEP: "12h" },
		});
		const wrong = [
			"RETAIN_MAILS",
			"RETAIN_REQUESTS",
			"RETAIN_WINDOWS",
			"RETAIN_WEBHOOKS",
			"RETAIN_DEAD_LETTERS",
			"EMAIL_DEDUPE_MS",
		];
		assert.deepEqual([...variables].sort(), wrong.sort());
		assert.match(message, /RETAIN_REQUESTS must be 24h or more: that a key is good for 24 hours is promised/);
		assert.match(message, /EMAIL_DEDUPE_MS must be more than 604800000 milliseconds: the bus keeps events for seven days/);
		const exact = { RETAIN_REQUESTS: "24h", RETAIN_MAILS: "8d", RETAIN_WEBHOOKS: "4d", EMAIL_DEDUPE_MS: "604800001" };
		assert.equal(readEnvironment(exact).retain.requests, 86_400_000);
	});

	it("cannot be changed afterwards, not even deep inside", () => {
		const profile = readEnvironment({ CORS_ORIGINS: "https://a.example" });
		assert.throws(() => Object.assign(profile, { port: 1 }), TypeError);
		assert.throws(() => Object.assign(profile.store, { kind: "mongo" }), TypeError);
		assert.throws(() => (profile.corsOrigins as string[]).push("https://evil.example"), TypeError);
	});

	it("let everything in flight settle within 15 s of a crash", () => {
		const profile = readEnvironment({});
		const orphanedEvent = profile.leaseTimeout + profile.outboxGrace + 2 * profile.outboxSweepEvery;
		const unansweredOrder = profile.leaseTimeout + profile.answerDeadline + 2 * profile.reconcileEvery;
		for (const worst of [orphanedEvent, unansweredOrder, profile.ackWait + profile.answerDeadline]) assert.ok(worst <= 12_000);
	});
});

import assert from "node:assert/strict";
import { type Service, ServiceBroker } from "moleculer";
import type { DomainEvent } from "../../../contracts/events.ts";
import { newId } from "../../../contracts/ids.ts";
import { type AccessTokenMethods, accessTokens } from "../../../mixins/access-token/index.ts";
import { durableEvents } from "../../../mixins/durable-events/durable-events.mixin.ts";
import { currentBusSettings, setBusSettings } from "../../../mixins/durable-events/settings.ts";
import type { StoreProfile } from "../../../mixins/store/store-profile.ts";
import { type AuthNode, overNats, startAuthNode } from "../../support/auth-node.ts";
import { quiet } from "../../support/brokers.ts";
import { refused } from "../../support/refused.ts";
import { needs, type RunningServer, startMongod, startNats, startRedis } from "../../support/servers.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

type Door = Service & AccessTokenMethods;

describe("auth on two nodes, over NATS, MongoDB and Redis", () => {
	const servers: RunningServer[] = [];
	let dataDir: string | undefined;
	let nodes: AuthNode[] = [];
	let far: ServiceBroker | undefined;
	let door: Door;
	const told: DomainEvent[] = [];
	let one: AuthNode;
	let two: AuthNode;

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats", "mongod", "redis");
		const [nats, mongod, redis] = await Promise.all([startNats(), startMongod(), startRedis()]);
		servers.push(nats, mongod, redis);
		setBusSettings({ ...currentBusSettings(), transporter: nats.url, keyPrefix: `t${newId().slice(0, 8)}` });
		const store: StoreProfile = { kind: "mongo", url: mongod.url, dbName: `test-${newId()}` };
		dataDir = await tempDir("cluster-auth");
		const rateLimits = { login: { count: 4, seconds: 60 }, api: "off", posts: "off" } as const;
		const profile = { redisUrl: redis.url, rateLimits, keyPrefix: `t${newId()}` };
		const start = () => startAuthNode(store, { dataDir: dataDir ?? "", profile, transporter: nats.url });
		nodes = await Promise.all([start(), start()]);
		[one, two] = nodes as [AuthNode, AuthNode];

		far = new ServiceBroker({ ...quiet, nodeID: newId(), transporter: overNats(nats.url) });
		door = far.createService({ name: "door", mixins: [accessTokens({ reloadEvery: 60_000 }) as never] }) as Door;
		far.createService({
			name: "listener",
			mixins: [durableEvents({ profile: store }) as never],
			events: {
				"user.registered": { durable: {}, handler: (ctx: { params: DomainEvent }) => void told.push(ctx.params) },
				"user.deleted": { durable: {}, handler: (ctx: { params: DomainEvent }) => void told.push(ctx.params) },
			},
		} as never);
		await far.start();
		await until("the door to be ready", async () => door.accessTokensReady(), Boolean);
		// A node hears broadcasts once the others have been told what it listens to.
		for (const { broker } of nodes) await broker.waitForServices(["door", "listener"]);
	});
	after(async () => {
		await far?.stop();
		for (const node of nodes) await node.stop();
		setBusSettings(undefined);
		for (const server of servers) await server.stop();
		if (dataDir) await removeDir(dataDir);
	});
	const refusal = (token: string): Promise<string> =>
		door.verifyAccessToken(token).then(
			() => "taken",
			(error: { code: string }) => error.code,
		);

	it("registers at one node, logs in at the other, and is known at a third", async () => {
		const { id, email } = await one.register({ name: "Ana" });
		const { accessToken, refreshToken } = await two.login(email);
		assert.equal((await door.verifyAccessToken(accessToken)).id, id);
		await one.call("refresh", { refreshToken });
	});

	it("made one admin, who was shown by neither because the settings name one", async () => {
		assert.equal(await one.service.store.users.count({ admin: true }), 1);
		assert.deepEqual([...one.announced, ...two.announced], []);
	});

	it("gives an address that both are asked for at once to one", async () => {
		const email = `${newId()}@example.com`;
		const outcomes = await Promise.allSettled([one, two, one, two].map((node) => node.register({ email })));
		assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
		for (const outcome of outcomes)
			if (outcome.status === "rejected") await refused(Promise.reject(outcome.reason), "EMAIL_TAKEN");
	});

	it("answers a request that reached both with the same account", async () => {
		const body = { email: `${newId()}@example.com` };
		const key = newId();
		const answers = await Promise.all([one, two, one, two].map((node) => node.register(body, { key })));
		for (const answer of answers) assert.deepEqual(answer, answers[0]);
	});

	it("gives refreshes of one token at both nodes the same answer, and ends the family at both", async () => {
		const ana = await one.somebody();
		const params = { refreshToken: ana.refreshToken };
		const answers = await Promise.all([one, two, one, two].map((node) => node.call<{ refreshToken: string }>("refresh", params)));
		assert.equal(new Set(answers.map(({ refreshToken }) => refreshToken)).size, 1);
		const next = await two.call<{ refreshToken: string }>("refresh", { refreshToken: answers[0]?.refreshToken });
		await refused(one.call("refresh", params), "UNAUTHORIZED");
		await refused(two.call("refresh", { refreshToken: next.refreshToken }), "UNAUTHORIZED");
		await until(
			"the door to hear of it",
			() => refusal(ana.accessToken),
			(seen) => seen === "UNAUTHORIZED",
		);
	});

	it("ends sessions everywhere when an admin suspends somebody at one node", async () => {
		const ben = await two.somebody();
		assert.equal(await refusal(ben.accessToken), "taken");
		const admin = await one.admin();
		await one.call("updateUser", { id: ben.user.id, suspended: true }, admin.from);
		await until(
			"the door to hear of it",
			() => refusal(ben.accessToken),
			(seen) => seen === "UNAUTHORIZED",
		);
		await refused(two.login(ben.email), "BAD_CREDENTIALS");
	});

	it("drops at one node what it has cached of a person who was changed at the other", async () => {
		const ana = await one.somebody({ name: "Before" });
		const nameAt = async (node: AuthNode) => (await node.call<{ name: string }>("resolve", { id: ana.user.id })).name;
		assert.equal(await nameAt(two), "Before");
		await one.call("updateMe", { name: "After" }, ana.from);
		await until(
			"the new name",
			() => nameAt(two),
			(name) => name === "After",
		);
	});

	it("counts wrong passwords over both nodes", async () => {
		const { email } = await one.register();
		const address = "203.0.113.77";
		for (const node of [one, two, one, two]) {
			await refused(node.login(email, { password: "another good password", address }), "BAD_CREDENTIALS");
		}
		await refused(one.login(email, { address }), "RATE_LIMITED");
		await refused(two.login(email, { address }), "RATE_LIMITED");
	});

	it("sets a forgotten password at one node by a link that was asked for at the other, and ends its sessions everywhere", async () => {
		const ana = await one.somebody();
		await two.call("requestPasswordReset", { email: ana.email });
		const open = async () => (await one.service.store.users.findById(ana.user.id))?.resets ?? [];
		const [request] = await until("the request", open, ({ length }) => length > 0);
		const asked = { userId: ana.user.id, requestId: request?.id };
		const links = await Promise.all([one, two].map((node) => node.call<{ token: string } | null>("resetToken", asked)));
		assert.ok(links[0]);
		assert.deepEqual(links[0], links[1]);
		const { token } = links[0];
		const body = { token, password: "another good password" };
		const outcomes = await Promise.allSettled([one, two, one, two].map((node) => node.call("confirmPasswordReset", body)));
		assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
		await until("the door to hear of it", () => refusal(ana.accessToken), (seen) => seen === "UNAUTHORIZED"); // biome-ignore format: one line
		assert.equal(await two.call("resetToken", asked), null);
	});

	it("tells the others who came and who went, once each", async () => {
		const ana = await one.somebody({ name: "Told" });
		await two.call("deleteMe", {}, ana.from);
		const about = () => told.filter(({ subject }) => subject === ana.user.id).map(({ type }) => type);
		await until(
			"both events",
			async () => about(),
			(types) => types.length >= 2,
		);
		assert.deepEqual(about().sort(), ["user.deleted", "user.registered"]);
	});

	it("keeps what it knows of a suspended person while one of its nodes dies", async () => {
		const ben = await one.somebody();
		await one.call("logout", {}, ben.from);
		await one.stop();
		nodes = [two];
		const late = new ServiceBroker({ ...quiet, nodeID: newId(), transporter: overNats(servers[0]?.url ?? "") });
		const lateDoor = late.createService({ name: "late", mixins: [accessTokens() as never] }) as Door;
		await late.start();
		try {
			await until("the late door to be ready", async () => lateDoor.accessTokensReady(), Boolean);
			await refused(lateDoor.verifyAccessToken(ben.accessToken), "UNAUTHORIZED");
		} finally {
			await late.stop();
		}
	});
});

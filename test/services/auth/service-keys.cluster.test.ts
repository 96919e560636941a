import assert from "node:assert/strict";
import { type Service, ServiceBroker } from "moleculer";
import type { NewServiceKey } from "../../../contracts/http/service-keys.ts";
import { newId } from "../../../contracts/ids.ts";
import { currentBusSettings, setBusSettings } from "../../../mixins/durable-events/settings.ts";
import { type ServiceKeyMethods, serviceKeys } from "../../../mixins/service-key/index.ts";
import type { StoreProfile } from "../../../mixins/store/store-profile.ts";
import { type AuthNode, overNats, startAuthNode } from "../../support/auth-node.ts";
import { quiet } from "../../support/brokers.ts";
import { httpClient, login } from "../../support/http.ts";
import { refused } from "../../support/refused.ts";
import { needs, needsOwn, type RunningServer, startMongod, startNats } from "../../support/servers.ts";
import { admin, type Cluster, startCluster } from "../../support/souk.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

type Door = Service & ServiceKeyMethods;

const free = async (): Promise<void> => undefined;

describe("service keys on two nodes of auth and two doors, over NATS and MongoDB", () => {
	const servers: RunningServer[] = [];
	const brokers: ServiceBroker[] = [];
	const nodes: AuthNode[] = [];
	const doors: Door[] = [];
	let dataDir: string | undefined;

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats", "mongod");
		const [nats, mongod] = await Promise.all([startNats(), startMongod()]);
		servers.push(nats, mongod);
		setBusSettings({ ...currentBusSettings(), transporter: nats.url, keyPrefix: `t${newId().slice(0, 8)}` });
		const store: StoreProfile = { kind: "mongo", url: mongod.url, dbName: `test-${newId()}` };
		dataDir = await tempDir("cluster-keys");
		const start = () => startAuthNode(store, { dataDir: dataDir ?? "", transporter: nats.url });
		nodes.push(...(await Promise.all([start(), start()])));
		for (const name of ["front", "back"]) {
			const broker = new ServiceBroker({ ...quiet, nodeID: newId(), transporter: overNats(nats.url) });
			brokers.push(broker);
			// So long that only the news can end it within a test.
			doors.push(broker.createService({ name, mixins: [serviceKeys({ life: 3_600_000 }) as never] }) as Door);
			await broker.start();
			await broker.waitForServices("auth");
		}
		// A node hears broadcasts once the others have been told what it listens to.
		for (const { broker } of nodes) await broker.waitForServices(["front", "back"]);
	});
	after(async () => {
		for (const broker of brokers) await broker.stop();
		for (const node of nodes) await node.stop();
		setBusSettings(undefined);
		for (const server of servers) await server.stop();
		if (dataDir) await removeDir(dataDir);
	});

	const create = async (node: AuthNode | undefined, key = newId()): Promise<NewServiceKey> => {
		assert.ok(node);
		return node.call("createKey", { name: "Importer", scopes: ["intake"] }, { ...(await node.admin()).from, key });
	};
	const outcome = (door: Door, key: string): Promise<string> =>
		door.verifyServiceKey(key, free).then(
			({ keyId }) => keyId,
			(error: { code: string }) => error.code,
		);

	it("made at one node are taken at every door, and refused at every door once the other node revoked them", async () => {
		const [one, two] = nodes;
		const { id, secret } = await create(one);
		for (const door of doors) assert.equal(await outcome(door, secret), id);
		await two?.call("revokeKey", { id }, (await two.admin()).from);
		for (const door of doors)
			await until(
				"the door to hear of it",
				() => outcome(door, secret),
				(seen) => seen === "UNAUTHORIZED",
			);
	});

	it("are the same for a request that reached both nodes", async () => {
		const request = newId();
		const made = await Promise.all([...nodes, ...nodes].map((node) => create(node, request)));
		for (const key of made) assert.deepEqual(key, made[0]);
		assert.equal(await outcome(doors[0] as Door, made[0]?.secret ?? ""), made[0]?.id);
	});

	it("are refused with a wrong secret wherever they are asked about", async () => {
		const { id, secret } = await create(nodes[0]);
		const wrong = secret.replace(/\.(.)/, (_all, first: string) => `.${first === "A" ? "B" : "A"}`);
		for (const door of doors) await refused(door.verifyServiceKey(wrong, free), "UNAUTHORIZED");
		for (const door of doors) assert.equal(await outcome(door, secret), id);
	});
});

describe("service keys over HTTP, at two gateways of their own processes", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth"] },
				{ services: ["gateway", "auth", "orders", "payment", "chat", "notification", "email"] },
			],
		});
	});
	after(() => cluster?.stop());

	it("are revoked at one and refused at the other", async () => {
		const [one, two] = cluster.withService("gateway").map(({ process }) => httpClient(process.url));
		assert.ok(one && two);
		const { token } = await login(one, admin.email, admin.password);
		const made = await one.post("/v1/admin/keys", { name: "Importer", scopes: ["intake"] }, { token });
		assert.equal(made.status, 201, made.text);
		// A path for people alone: 403 says that the key is known, 401 that it is not.
		const statuses = () =>
			Promise.all(
				[one, two].map(async (api) => (await api.get("/v1/orders", { headers: { "x-api-key": made.body.secret } })).status),
			);
		assert.deepEqual(await statuses(), [403, 403]);
		assert.equal((await two.delete(`/v1/admin/keys/${made.body.id}`, { token })).status, 204);
		await until("both to refuse it", statuses, (seen) => seen.every((status) => status === 401));
		for (const { process } of cluster.nodes) assert.ok(!process.logs.includes(made.body.secret.split(".")[1]));
	});
});

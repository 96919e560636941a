import assert from "node:assert/strict";
import { login } from "../support/http.ts";
import { needs, needsOwn } from "../support/servers.ts";
import { admin, type Cluster, startCluster } from "../support/souk.ts";
import { webChat } from "./chat.suite.ts";
import { webStory } from "./story.suite.ts";

const nodes = [
	{ services: ["gateway", "auth", "orders"] },
	{ services: ["chat", "notification"] },
	{ services: ["chat", "notification", "payment", "email"] },
];

describe("The web client, through the gateway of three nodes", function () {
	this.timeout(90_000);
	let cluster: Cluster;
	before(async function () {
		needs(this, "chromium");
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({ nodes, env: { ACCESS_TOKEN_TTL: "12s" } });
	});
	after(() => cluster?.stop());

	const killOwner = async (streamId: string): Promise<void> => {
		const { token } = await login(cluster.api, admin.email, admin.password);
		const ring = await cluster.api.get(`/v1/admin/ring?stream_id=${streamId}`, { token });
		const owner: string = ring.body.stream.owner.node;
		const node = cluster.nodes.find(({ services }, index) => `${services.join("-")}-${index}` === owner);
		assert.ok(node, owner);
		await node.process.kill("SIGKILL");
	};

	describe("a market", () => webStory(() => cluster));
	describe("chat", () => webChat(() => cluster, { killOwner }));
});

import assert from "node:assert/strict";
import { type HttpAnswer, login } from "../support/http.ts";
import { signUp } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { openSocket, untilGone } from "../support/socket-client.ts";
import { admin, type Cluster, startCluster } from "../support/souk.ts";
import { until } from "../support/until.ts";
import { operators } from "./operators.suite.ts";

describe("Operators, on a cluster", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			env: { TRUST_PROXY: "1" },
			nodes: [{ services: ["gateway", "auth"] }, { services: ["orders", "payment", "chat"] }, { services: ["chat"] }],
		});
	});
	after(() => cluster?.stop());

	operators(() => ({ api: cluster.api, urls: [cluster.url] }));

	it("see that a node died, from the one that is left", async () => {
		const [ann, bob] = await Promise.all([signUp(cluster.api, "buyer"), signUp(cluster.api, "buyer")]);
		const { token } = await login(cluster.api, admin.email, admin.password);
		const read = (): Promise<HttpAnswer> => cluster.api.get(`/v1/admin/connections?user=${ann.id}`, { token });
		const by = { token: ann.token };
		const dying = cluster.nodes[2];
		let served: { node: string } | undefined;
		let gone = Promise.resolve("");
		for (let count = 0; served?.node !== "chat-2"; count++) {
			const memberIds = [bob.id, (await signUp(cluster.api, "buyer")).id];
			const { streamId } = (await cluster.api.post("/v1/conversations", { memberIds }, by)).body;
			gone = untilGone(await openSocket(cluster.url, streamId, ann.token));
			[served] = (await until("the connection to be seen", read, ({ body }) => body.items.length === count + 1)).body.items;
		}
		await dying?.process.kill("SIGKILL");
		await gone;
		const { body } = await until("its end to be seen", read, ({ body: seen }) => seen.items[0].live === false);
		assert.deepEqual([body.items[0].node, body.items[0].endedBy], ["chat-2", "node lost"]);
	});
});

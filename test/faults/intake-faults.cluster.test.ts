import assert from "node:assert/strict";
import { anIntakeDocument } from "../support/an-intake-document.ts";
import { login } from "../support/http.ts";
import { openLines, sendLines } from "../support/ndjson.ts";
import { needsOwn } from "../support/servers.ts";
import { admin, type Cluster, startCluster } from "../support/souk.ts";

const count = 2_000;
const uid = (index: number): string => `nodedied${String(index).padStart(8, "0")}`;
const lines = Array.from({ length: count }, (_, index) => JSON.stringify(anIntakeDocument(uid(index))));

describe("A node that is killed while documents stream through it", function () {
	this.timeout(90_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "chat", "notification", "email"] },
				{ services: ["orders", "payment"] },
				{ services: ["orders", "payment"] },
			],
		});
	});
	after(() => cluster?.stop());

	it("ends no stream: every line is answered, and what was acknowledged is there", async () => {
		const { token } = await login(cluster.api, admin.email, admin.password);
		const stream = openLines(cluster.url, token);
		const sending = (async () => {
			for (const line of lines) await stream.send(`${line}\n`);
			stream.end();
		})();
		const acknowledged: string[] = [];
		let answered = 0;
		let killing: Promise<unknown> = Promise.resolve();
		for await (const { ok, id, problem } of stream.answers()) {
			if (ok) acknowledged.push(id);
			else assert.equal(problem.code, "UNAVAILABLE");
			answered += 1;
			if (answered === 300) killing = Promise.resolve(cluster.nodes[1]?.process.kill("SIGKILL"));
		}
		await Promise.all([sending, killing]);
		assert.equal(answered, count);
		for (const id of acknowledged.filter((_, index) => index % 20 === 0)) {
			assert.equal((await cluster.api.get(`/order/${id}`, { token })).status, 200, id);
		}
		const again = await sendLines(cluster.url, token, lines);
		assert.ok(again.every(({ ok }) => ok));
	});
});

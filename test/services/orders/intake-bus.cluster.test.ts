import assert from "node:assert/strict";
import { connect, type NatsConnection } from "nats";
import type { DeadLetter } from "../../../mixins/durable-events/port.ts";
import { anIntakeDocument } from "../../support/an-intake-document.ts";
import { login } from "../../support/http.ts";
import { needsOwn } from "../../support/servers.ts";
import { admin, type Cluster, startCluster } from "../../support/souk.ts";
import { until } from "../../support/until.ts";

describe("order documents that come over JetStream", function () {
	this.timeout(180_000);
	let cluster: Cluster;
	let connection: NatsConnection;
	let token: string;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "chat", "notification", "email"] },
				{ services: ["orders", "payment"] },
				{ services: ["orders", "payment"] },
			],
			env: { ACK_WAIT_MS: "1000" },
		});
		connection = await connect({ servers: cluster.nats.url.replace("nats://", "") });
		token = (await login(cluster.api, admin.email, admin.password)).token;
	});
	after(async () => {
		await connection?.close();
		await cluster?.stop();
	});

	const publish = async (...documents: (object | string | Uint8Array)[]): Promise<void> => {
		for (const document of documents) {
			const payload = typeof document === "string" || document instanceof Uint8Array ? document : JSON.stringify(document);
			await connection.jetstream().publish("souk.intake.orders", payload);
		}
	};
	const get = (id: string) => cluster.api.get(`/order/${id}`, { token });
	const untilStored = (id: string) =>
		until(
			`${id} to be stored`,
			() => get(id),
			({ status }) => status === 200,
		);
	const letters = async (): Promise<DeadLetter[]> =>
		(await cluster.api.get("/v1/admin/dead-letters?group=intake&limit=100", { token })).body.items;
	const untilLetter = async (text: string): Promise<DeadLetter> => {
		const has = (letter: DeadLetter): boolean => JSON.stringify(letter.event).includes(text);
		const found = await until(`a dead letter about ${text}`, letters, (items) => items.some(has));
		return found.find(has) ?? assert.fail();
	};

	it("are stored as they came", async () => {
		const text = `${JSON.stringify(anIntakeDocument("bybus00001")).slice(0, -1)},"2":1,"1":1.0}`;
		await publish(text);
		assert.equal((await untilStored("bybus00001")).text, text);
	});

	it("become dead letters with their reason when they are refused, and hold up nobody", async () => {
		await publish(
			"no json at all",
			new Uint8Array([0x22, 0xff, 0x22]),
			"",
			anIntakeDocument("refused001", { sm_id: 1000 }),
			`"${"x".repeat(70_000)}"`,
			anIntakeDocument("bybus00002"),
		);
		// Two nodes fetch: which of two contents of one order_uid is the first is only sure once one of them is stored.
		await untilStored("bybus00002");
		await publish(
			anIntakeDocument("bybus00002", { entry: "other" }),
			anIntakeDocument("bybus00002"),
			anIntakeDocument("bybus00003"),
		);
		await untilStored("bybus00003");
		const refusedOne = await untilLetter("refused001");
		assert.equal(refusedOne.error, "VALIDATION: /sm_id must be <= 999");
		assert.deepEqual([refusedOne.group, refusedOne.entity, refusedOne.subject], ["intake", "refused001", "souk.intake.orders"]);
		assert.equal((refusedOne.event as { sm_id: number }).sm_id, 1000);
		assert.equal((await untilLetter("no json at all")).error, "VALIDATION: The document is not JSON");
		assert.match((await untilLetter("xxxxx")).error, /^PAYLOAD_TOO_LARGE/);
		assert.match((await untilLetter("bybus00002")).error, /^ORDER_EXISTS/);
		const all = await until("six dead letters", letters, (items) => items.length >= 6);
		assert.equal(all.length, 6);
	});

	it("come again from the dead letters when somebody says so, and die again if nothing has changed", async () => {
		const letter = await untilLetter("refused001");
		assert.equal((await cluster.api.post(`/v1/admin/dead-letters/${letter.id}/retry`, {}, { token })).status, 202);
		const again = await until("another letter", letters, (items) =>
			items.some(({ id, entity }) => entity === "refused001" && id !== letter.id),
		);
		assert.equal(again.filter(({ entity }) => entity === "refused001").length, 1);
	});

	it("are all there after a node was killed in the middle", async () => {
		const ids = Array.from({ length: 600 }, (_, index) => `killbus${String(index).padStart(6, "0")}`);
		for (const [index, id] of ids.entries()) {
			await publish(anIntakeDocument(id));
			if (index === 200) await cluster.nodes[1]?.process.kill("SIGKILL");
			if (index === 400) await cluster.nodes[1]?.process.restart();
		}
		for (const id of ids) await untilStored(id);
		await until(
			"the group to have nothing to do",
			async () => (await cluster.api.get("/health")).body.consumers as { group: string; lag: number; inFlight: number }[],
			(consumers) => consumers.some(({ group, lag, inFlight }) => group === "intake" && lag + inFlight === 0),
		);
		assert.ok((await letters()).every(({ entity }) => !entity.startsWith("killbus")));
	});
});

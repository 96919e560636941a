import assert from "node:assert/strict";
import { connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ServiceSchema } from "moleculer";
import { intakeRoutes } from "../../../contracts/http/intake.ts";
import { operationRoutes } from "../../../contracts/http/operations.ts";
import { anIntakeDocument } from "../../support/an-intake-document.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { all, openLines, sendLines } from "../../support/ndjson.ts";
import { until } from "../../support/until.ts";

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that are in use, garbage aside. */
const live = (): number => {
	collectGarbage();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
};

describe("lines on their way through the gateway", function () {
	this.timeout(60_000);
	const nodes = new GatewayNodes();
	let node: GatewayNode;
	let token: string;
	let gate: Promise<void> = Promise.resolve();
	const seen = { calls: 0, documents: 0, inFlight: 0, most: 0 };

	/** Instead of the service that stores: it forgets, waits, or fails. */
	const forgetful: ServiceSchema = {
		name: "orders",
		actions: {
			async intakeBatch({ params }: { params: { documents: string[] } }) {
				seen.calls += 1;
				seen.documents += params.documents.length;
				seen.inFlight += 1;
				seen.most = Math.max(seen.most, seen.inFlight);
				await gate;
				seen.inFlight -= 1;
				if (params.documents.includes('"fail"')) throw new Error("a secret of the store");
				return params.documents.map(() => ({ ok: true, id: "taken" }));
			},
			intake: () => ({}),
		},
	};
	before(async () => {
		node = await nodes.start({
			routes: [...intakeRoutes, ...operationRoutes],
			services: [forgetful],
			broker: { requestTimeout: 2_000 },
		});
		token = await node.token("ada", "admin");
	});
	after(nodes.stopAll);

	it("get no other answer in the midst of theirs when what follows is no HTTP: the connection ends", async () => {
		gate = Promise.resolve();
		const socket = connect(Number(new URL(node.api.url).port), "127.0.0.1");
		const head = `POST /v1/orders/intake HTTP/1.1\r\nHost: souk\r\nAuthorization: Bearer ${token}`;
		const line = "{}\n";
		socket.write(`${head}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n`);
		socket.write(`${line.length.toString(16)}\r\n${line}\r\n`);
		let heard = "";
		for await (const chunk of socket) {
			if (!heard.includes("taken") && `${heard}${chunk}`.includes("taken")) socket.write("no length\r\n");
			heard += chunk;
		}
		assert.match(heard, /^HTTP\/1\.1 200 OK\r\n/);
		assert.doesNotMatch(heard, /400 Bad Request/);
	});

	it("are not read while the service is behind, and a slow answer is not the end of them", async () => {
		const { promise, resolve } = Promise.withResolvers<void>();
		gate = promise;
		Object.assign(seen, { calls: 0, documents: 0, most: 0 });
		const count = 30_000;
		const line = `${JSON.stringify(anIntakeDocument())}\n`;
		const stream = openLines(node.api.url, token);
		const sending = (async () => {
			for (let sent = 0; sent < count; sent++) await stream.send(line);
			stream.end();
		})();
		await until(
			"four batches to be on their way",
			async () => seen.calls,
			(calls) => calls === 4,
		);
		assert.ok(seen.documents <= 400);
		resolve();
		const answers = await all(stream.answers());
		await sending;
		assert.equal(answers.length, count);
		assert.equal(seen.most, 4);
	});

	it("take no more memory when there are many", async () => {
		gate = Promise.resolve();
		const line = JSON.stringify(anIntakeDocument());
		const stream = openLines(node.api.url, token);
		const sending = (async () => {
			for (let sent = 0; sent < 100_000; sent++) await stream.send(`${line}\n`);
			stream.end();
		})();
		let answered = 0;
		let early = 0;
		for await (const { ok } of stream.answers()) {
			assert.equal(ok, true);
			answered += 1;
			if (answered === 10_000) early = live();
		}
		await sending;
		assert.equal(answered, 100_000);
		const grown = live() - early;
		assert.ok(grown < 30 * 1024 * 1024, `${(grown / 1024 / 1024).toFixed(1)} MiB more`);
	});

	it("get a problem each when the service fails, without its words, and the next ones go on", async () => {
		const answers = await sendLines(node.api.url, token, ['"fail"', ...Array(200).fill('"good"')]);
		assert.equal(answers.length, 201);
		assert.equal(answers[0].problem.code, "INTERNAL");
		assert.doesNotMatch(JSON.stringify(answers[0]), /secret|orders|node/);
		assert.deepEqual(answers.at(-1), { ok: true, id: "taken" });
	});
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { glob, readFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { TracingProfile } from "../../../config/profile-type.ts";
import { inSpan, inTrace } from "../../../mixins/tracing/spans.ts";
import { openTracing } from "../../../mixins/tracing/tracing.ts";
import { type Collector, drawn, startCollector } from "../../support/otlp-collector.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

const profileOf = (endpoint: string): TracingProfile => ({
	...{ endpoint, headers: { authorization: "Bearer of-the-collector" }, timeoutMs: 500, sampler: "always_on", ratio: 1 },
	...{ trustsClients: false, everyMs: 60_000, room: 2_048 },
});

const said: unknown[] = [];
const logger = { info: () => undefined, warn: (...args: unknown[]) => void said.push(...args) };

describe("what is exported", () => {
	let collector: Collector;
	before(async () => {
		collector = await startCollector();
	});
	after(() => collector.stop());

	it("is what was done, when, within what, by whom, and how it ended", async () => {
		const tracing = await openTracing(
			profileOf(collector.url),
			{ "service.name": "souk-orders", "service.instance.id": "n1" },
			logger,
		);
		const began = Date.now();
		await inTrace({ name: "GET /v1/orders", kind: "server" }, async (span) => {
			span?.rename("POST /v1/orders");
			span?.set({ "http.response.status_code": 503, "souk.replayed": false });
			await inSpan({ name: "orders.place", kind: "internal" }, () => Promise.reject(new TypeError("of somebody"))).catch(
				() => undefined,
			);
		});
		await tracing.close();
		const [place, post] = collector.spans;
		assert.equal(drawn(collector.spans), "POST /v1/orders (server, n1)\n  orders.place (internal, n1)\n");
		assert.deepEqual(post?.attributes, { "http.response.status_code": 503, "souk.replayed": false });
		assert.deepEqual([place?.failed, place?.attributes["error.type"], post?.failed], ["TypeError", "TypeError", null]);
		assert.ok(post && post.from >= began - 2 && post.to >= post.from && post.to <= Date.now() + 2);
		assert.equal(post.service, "souk-orders");
		assert.equal(collector.headers[0]?.authorization, "Bearer of-the-collector");
		assert.ok(!collector.text.includes("of somebody"));
	});

	it("holds nobody up, and no stop for long, where the collector never answers", async () => {
		const silent = createServer().listen(0, "127.0.0.1");
		await once(silent, "listening");
		const { port } = silent.address() as { port: number };
		const tracing = await openTracing({ ...profileOf(`http://127.0.0.1:${port}`), room: 1 }, {}, logger);
		assert.equal(await inTrace({ name: "a", kind: "server" }, async () => "done"), "done");
		const [[asked]] = await Promise.all([once(silent, "connection"), tracing.close(100)]);
		(asked as Socket).destroy();
		silent.close();
	});

	it("costs nothing where nobody asked for it: one file knows the SDK, and is loaded by its name alone", async () => {
		const knows: string[] = [];
		const loads: string[] = [];
		for await (const file of glob("{config,contracts,middlewares,mixins,realtime,scripts,services}/**/*.ts", { cwd: root })) {
			const text = await readFile(`${root}${file}`, "utf8");
			if (/^import (?!type).*"@opentelemetry\//m.test(text)) knows.push(file);
			if (/^(import|export) (?!type).*recorder\.ts"/m.test(text)) loads.push(file);
		}
		assert.deepEqual([knows, loads], [["mixins/tracing/recorder.ts"], []]);
	});
});

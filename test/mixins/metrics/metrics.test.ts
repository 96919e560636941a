import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { mock } from "node:test";
import { Errors, ServiceBroker } from "moleculer";
import { metricTable } from "../../../contracts/metrics.ts";
import { count, measured, observe, scrape } from "../../../mixins/metrics/metrics.ts";
import { MoleculerReporter } from "../../../mixins/metrics/moleculer-reporter.ts";

/** The value of one row of a scrape. */
const shown = async (row: string): Promise<number | undefined> => {
	const line = (await scrape()).split("\n").find((text) => text.startsWith(`${row} `));
	return line === undefined ? undefined : Number(line.slice(row.length));
};

describe("metrics", () => {
	it("count and time what they are told of, under its labels", async () => {
		const row = 'events_total{group="metrics-test",outcome="done",reason=""}';
		count("events_total", { group: "metrics-test", outcome: "done", reason: "" });
		count("events_total", { group: "metrics-test", outcome: "done", reason: "" }, 2);
		assert.equal(await shown(row), 3);
		observe("event_duration_seconds", { group: "metrics-test" }, 0.02);
		assert.equal(await shown('event_duration_seconds_bucket{le="0.01",group="metrics-test"}'), 0);
		assert.equal(await shown('event_duration_seconds_bucket{le="0.025",group="metrics-test"}'), 1);
	});

	it("are asked at each scrape, added up under the same labels, and gone when they are ended", async () => {
		const row = 'sockets_open{ring="metrics-test"}';
		let open = 3;
		const ends = [measured("sockets_open", { ring: "metrics-test" }, () => open), measured("sockets_open", { ring: "metrics-test" }, async () => 10)]; // biome-ignore format: one line
		assert.equal(await shown(row), 13);
		open = 4;
		assert.equal(await shown(row), 14);
		for (const end of ends) end();
		assert.equal(await shown(row), undefined);
	});

	it("that cannot be told are left out, and hold up none of the others", async () => {
		const end = measured("outbox_waiting", { collection: "away" }, () => Promise.reject(new Error("away")));
		const other = measured("outbox_waiting", { collection: "there" }, () => 7);
		assert.equal(await shown('outbox_waiting{collection="away"}'), undefined);
		assert.equal(await shown('outbox_waiting{collection="there"}'), 7);
		end();
		other();
	});

	it("that nobody answers for are waited for three seconds, and no longer", async () => {
		mock.timers.enable({ apis: ["setTimeout"] });
		let end = (): void => undefined;
		try {
			const asked = new Promise<void>((resolve) => {
				end = measured("outbox_waiting", { collection: "silent" }, () => {
					resolve();
					return new Promise<never>(() => undefined);
				});
			});
			const page = scrape();
			await asked;
			mock.timers.tick(3_000);
			assert.match(await page, /^process_cpu_seconds_total /m);
			assert.doesNotMatch(await page, /collection="silent"/);
		} finally {
			end();
			mock.timers.reset();
		}
	});

	it("tell of the process itself", async () => {
		assert.ok(((await shown("process_resident_memory_bytes")) ?? 0) > 10_000_000);
	});

	it("of Moleculer come after ours, counted by its own reporter, and go with their broker", async () => {
		const broker = new ServiceBroker({
			logger: false,
			nodeID: "metrics-test",
			circuitBreaker: { enabled: true },
			metrics: { enabled: true, collectProcessMetrics: false, reporter: new MoleculerReporter() as unknown as "Prometheus" },
		});
		broker.createService({
			name: "dishes",
			actions: {
				cook: () => 1,
				burn: () => Promise.reject(new Errors.MoleculerError("burnt", 500, "BURNT")),
			},
		});
		await broker.start();
		await broker.call("dishes.cook");
		await broker.call("dishes.cook");
		await assert.rejects(broker.call("dishes.burn"));
		const labels = 'namespace="",nodeID="metrics-test",service="dishes",action="dishes.cook",type="local",caller="null"';
		assert.equal(await shown(`moleculer_request_total{${labels}}`), 2);
		assert.equal(await shown(`moleculer_request_time_bucket{${labels},le="10000"}`), 2);
		assert.equal(await shown(`moleculer_request_time_count{${labels}}`), 2);
		assert.ok(((await shown(`moleculer_request_time_sum{${labels}}`)) ?? 0) > 0);
		for (const ms of [1, 1.5, 5, 700, 60_000])
			broker.metrics.observe("moleculer.request.time", ms, { service: "dishes", action: "dishes.wait" });
		const waited = (le: string) => shown(`moleculer_request_time_bucket{namespace="",nodeID="metrics-test",service="dishes",action="dishes.wait",type="undefined",caller="undefined",le="${le}"}`); // biome-ignore format: one line
		assert.deepEqual(await Promise.all(["1", "5", "500", "1000", "10000", "+Inf"].map(waited)), [1, 3, 3, 4, 4, 5]);
		const page = await scrape();
		assert.match(page, /moleculer_request_error_total\{[^}]*action="dishes.burn"[^}]*errorCode="500",errorType="BURNT"\} 1\n/);
		// What has not happened has a name; what nobody asks for is not counted; and of a metric there is one block.
		assert.match(page, /^# TYPE moleculer_circuit_breaker_opened_active gauge$/m);
		assert.doesNotMatch(page, /moleculer_request_levels|moleculer_node_type|quantile="|_rate\{/);
		const typed = [...page.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
		assert.equal(new Set(typed).size, typed.length);
		await broker.stop();
		assert.doesNotMatch(await scrape(), /moleculer_/);
	});

	it("all stand in docs/metrics.md with their type and labels, and no others do", async () => {
		const page = await readFile(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
		const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(([, name, type, labels]) => [name, type, labels]);
		const table = Object.entries(metricTable).map(([name, { type, labels }]) => [name, type, labels.map((label) => `\`${label}\``).join(" ")]); // biome-ignore format: one line
		assert.deepEqual(rows, table);
	});
});

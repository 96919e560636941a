import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { metricTable } from "../../../contracts/metrics.ts";
import { count, measured, observe, scrape } from "../../../mixins/metrics/metrics.ts";

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

	it("tell of the process itself", async () => {
		assert.ok(((await shown("process_resident_memory_bytes")) ?? 0) > 10_000_000);
	});

	it("all stand in docs/metrics.md with their type and labels, and no others do", async () => {
		const page = await readFile(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
		const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(([, name, type, labels]) => [name, type, labels]);
		const table = Object.entries(metricTable).map(([name, { type, labels }]) => [name, type, labels.map((label) => `\`${label}\``).join(" ")]); // biome-ignore format: one line
		assert.deepEqual(rows, table);
	});
});

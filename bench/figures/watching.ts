import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startSouk } from "../../test/support/souk.ts";
import { BenchClient } from "../support/client.ts";
import { cpuSince } from "../support/cpu.ts";
import type { Figure } from "../support/figure.ts";
import { inParallel, openShop, placeOrder, type Shop, untilPaid } from "../support/shop.ts";
import { median, round } from "../support/stats.ts";

// What metrics and traces cost: the same orders to a Souk that is watched as it should be, and to one that counts and traces nothing.

const width = 32;
const orders = 600;
const turns = 9;
const scrapeEveryMs = 5_000;

const unlimited = { RATE_LIMIT_API: "off", RATE_LIMIT_LOGIN: "off", LOG_LEVEL: "warn" };
const uncounted = { NODE_OPTIONS: `--import=${new URL("../support/uncounted.ts", import.meta.url).href}` };

/** Takes everything and looks at nothing: it shares the machine with what is measured. */
const startSink = async () => {
	let requests = 0;
	let bytes = 0;
	const server = createServer((req, res) => {
		requests += 1;
		req.on("data", (chunk: Buffer) => {
			bytes += chunk.length;
		});
		req.on("end", () => res.end("{}"));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		seen: () => ({ requests, bytes }),
		async close() {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
};

interface Side {
	client: BenchClient;
	shop: Shop;
	pid: number;
	stop(): Promise<void>;
}

const startSide = async (env: Record<string, string>): Promise<Side> => {
	const souk = await startSouk({ env: { ...unlimited, ...env } });
	const client = new BenchClient(souk.url);
	const shop = await openShop(client);
	const stop = async (): Promise<void> => {
		client.close();
		await souk.stop();
	};
	return { client, shop, pid: souk.pid, stop };
};

interface Cost {
	seconds: number;
	cpu: number;
}

const run = async ({ client, shop, pid }: Side, count: number): Promise<Cost> => {
	const used = cpuSince([pid]);
	const begin = performance.now();
	let last = "";
	await inParallel(count, width, async () => {
		last = (await placeOrder(client, shop)).id;
	});
	// Whoever is slower would be asked more often, and be slower for it: nobody is asked about any but the last.
	await untilPaid(client, shop, last, 50);
	return { seconds: (performance.now() - begin) / 1_000, cpu: used() };
};

/** Which comes first changes from turn to turn, so that neither has the machine always warmer than the other. */
const inTurns = async (watched: Side, bare: Side): Promise<{ watched: Cost[]; bare: Cost[] }> => {
	const costs = { watched: [] as Cost[], bare: [] as Cost[] };
	const both = [
		{ side: watched, into: costs.watched },
		{ side: bare, into: costs.bare },
	];
	for (const { side } of both) await run(side, 2 * orders);
	for (let turn = 0; turn < turns; turn += 1) {
		for (const { side, into } of turn % 2 === 0 ? both : both.toReversed()) into.push(await run(side, orders));
	}
	return costs;
};

const scraped = ({ client }: Side): (() => void) => {
	const scrape = setInterval(() => void fetch(new URL("/metrics", client.url)).then((answer) => answer.text()), scrapeEveryMs);
	return () => clearInterval(scrape);
};

export const watching = async (): Promise<Figure[]> => {
	const sink = await startSink();
	const sides: Side[] = [];
	try {
		const [watched, bare] = [
			await startSide({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_TRACES_SAMPLER_ARG: "0.1" }),
			await startSide(uncounted),
		];
		sides.push(watched, bare);
		const end = scraped(watched);
		const costs = await inTurns(watched, bare);
		end();
		const { requests, bytes } = sink.seen();
		if (requests === 0) throw new Error("no trace was exported: nothing was measured");
		const ratio = (of: (cost: Cost) => number): number =>
			median(costs.watched.map((cost, turn) => of(cost) / of(costs.bare[turn] ?? cost)));
		const perSecond = (all: Cost[]): number => round(orders / median(all.map(({ seconds }) => seconds)), 0);
		const note = `embedded, ${width} at a time, placed → paid, median of ${turns} turns of ${orders}; 10 % sampled: ${requests} exports, ${round(bytes / 2 ** 20, 1)} MiB; ${perSecond(costs.watched)} and ${perSecond(costs.bare)} orders/s`;
		return [
			{ name: "time for orders, watched ÷ unwatched", value: round(ratio(({ seconds }) => seconds), 3), unit: "×", bound: { most: 1.05 }, note }, // biome-ignore format: one line
			{ name: "CPU per order, watched ÷ unwatched", value: round(ratio(({ cpu }) => cpu), 3), unit: "×", bound: { most: 1.05 }, note }, // biome-ignore format: one line
		];
	} finally {
		for (const side of sides) await side.stop();
		await sink.close();
	}
};

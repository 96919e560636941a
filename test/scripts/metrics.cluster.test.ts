import assert from "node:assert/strict";
import { freePort } from "../support/free-port.ts";
import { LiveSocket } from "../support/live-socket.ts";
import { type Market, openMarket } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { allAsked, fromPrometheus, metricsOf } from "../support/sight.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { until } from "../support/until.ts";

/** What has a series only once something went wrong, or a second node of a service is there. */
const ofIncidents = [
	"moleculer_request_retry_attempts_total",
	"moleculer_request_timeout_total",
	"moleculer_circuit_breaker_opened_active",
	// And this, where traces are asked for.
	"trace_spans_total",
];
/** Given by whoever scrapes; `exported_service` is what the label `service` of Moleculer is called then. */
const ofTargets = ["job", "service", "instance", "exported_service"];

describe("what the nodes of a cluster tell of themselves", function () {
	this.timeout(120_000);
	let cluster: Cluster;
	let market: Market;
	let ports: number[];
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		ports = await Promise.all([freePort(), freePort()]);
		const nodes = [["gateway", "auth", "notification", "email"], ["orders", "payment", "chat", "cdc"]]; // biome-ignore format: one line
		cluster = await startCluster({
			nodes: nodes.map((services, at) => ({ services, env: { METRICS_PORT: String(ports[at]) } })),
		});
		market = await openMarket(cluster.api);
	});
	after(() => cluster?.stop());

	const pages = (): Promise<string[]> =>
		Promise.all(ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()));
	const sumOf = (all: readonly string[], row: string): number =>
		all.flatMap((page) => page.split("\n")).filter((line) => line.startsWith(`${row} `)).reduce((sum, line) => sum + Number(line.slice(row.length)), 0); // biome-ignore format: one line

	it("has a series, with its labels, of every metric that a panel or an alert asks for", async () => {
		const { id } = await market.place({ items: [{ productId: market.productId, quantity: 1 }] });
		await market.until(id, "paid");
		const unknown = await cluster.api.get("/v1/orders/of-nobody", { token: market.buyer.token });
		assert.equal(unknown.status, 404); // which no cache knows either
		const talk = await cluster.api.post("/v1/conversations", { memberIds: [market.seller.id] }, { token: market.buyer.token });
		assert.equal(talk.status, 201, JSON.stringify(talk.body));
		const stream: string = talk.body.streamId;
		// At the gateway, which has no streams of this ring: its door passes it on.
		const socket = new LiveSocket(cluster.url, { stream, token: market.seller.token });
		await socket.ready();
		const said = await cluster.api.post(
			`/v1/conversations/${stream}/messages`,
			{ text: "Is it hot?" },
			{ token: market.buyer.token },
		);
		assert.equal(said.status, 201, JSON.stringify(said.body));
		const wanted = allAsked().filter(({ metric }) => !fromPrometheus.has(metric));
		const lacking = async (): Promise<string[]> => {
			const found = (await pages()).map(metricsOf);
			return wanted.flatMap(({ metric, labels }) => {
				const known = found.map((page) => page.get(metric)).filter((some) => some !== undefined);
				if (known.length === 0) return [metric];
				const all = new Set(known.flatMap((some) => [...some]));
				const bare = all.size === 0 && ofIncidents.includes(metric);
				return bare
					? []
					: labels.filter((label) => !ofTargets.includes(label) && !all.has(label)).map((label) => `${metric}{${label}}`);
			});
		};
		await until("all metrics", lacking, (missing) => missing.length === 0, 30_000);
		const all = await pages();
		assert.ok(sumOf(all, "door_splices_total") >= 1);
		assert.equal(sumOf(all, 'stream_append_batch_size_sum{ring="chat"}'), sumOf(all, 'stream_entries_total{ring="chat"}'));
		assert.equal(sumOf(all, 'ring_share{ring="chat"}'), 1);
		socket.close();
	});
});

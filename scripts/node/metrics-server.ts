import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServiceBroker } from "moleculer";
import { scrape, scrapeType } from "../../mixins/metrics/metrics.ts";
import { nodeHealth } from "./node-health.ts";

// The port of a node that Prometheus and Kubernetes ask: nobody else should reach it. Gateways have their public port beside it.

export interface MetricsServer {
	readonly port: number;
	close(): Promise<void>;
}

interface Answer {
	status: number;
	type: string;
	body: string;
}

const json = (status: number, body: object): Answer => ({ status, type: "application/json", body: JSON.stringify(body) });

const answer = async (broker: ServiceBroker, path: string): Promise<Answer> => {
	switch (path) {
		case "/metrics":
			return { status: 200, type: scrapeType, body: await scrape() };
		case "/health/live":
			return json(200, { status: "ok" });
		case "/health/ready": {
			const health = await nodeHealth(broker);
			return json(health.ok ? 200 : 503, health);
		}
		default:
			return json(404, { detail: "Here are /metrics, /health/live and /health/ready" });
	}
};

const send = (res: ServerResponse, { status, type, body }: Answer): void => {
	res.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body), "Cache-Control": "no-store" });
	res.end(body);
};

const listen = async (server: Server, port: number, host: string): Promise<number> => {
	server.listen(port, host);
	await once(server, "listening");
	return (server.address() as AddressInfo).port;
};

/** Open before the services start, so that probes hear "not yet" instead of nothing. Rejects when the port is taken. */
export const startMetricsServer = async (broker: ServiceBroker, port: number, host: string): Promise<MetricsServer> => {
	const server = createServer((req, res) => {
		if (req.method !== "GET" && req.method !== "HEAD") return send(res, json(405, { detail: "Only to be read" }));
		const { pathname } = new URL(req.url ?? "/", "http://node");
		answer(broker, pathname).then(
			(found) => send(res, found),
			(error: unknown) => {
				broker.logger.error(`${pathname} of the metrics port failed:`, error);
				send(res, json(500, { detail: "It could not be found out" }));
			},
		);
	});
	server.requestTimeout = 10_000;
	const opened = await listen(server, port, host);
	broker.logger.info(`Metrics and probes on port ${opened}`);
	return {
		port: opened,
		async close() {
			const closed = once(server, "close");
			server.close();
			server.closeAllConnections();
			await closed;
		},
	};
};

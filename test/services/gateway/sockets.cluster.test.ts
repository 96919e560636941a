import assert from "node:assert/strict";
import type { BrokerOptions } from "moleculer";
import { operationRoutes } from "../../../contracts/http/operations.ts";
import { nodePlacement } from "../../../mixins/placement/node-placement.ts";
import { Brokers } from "../../support/brokers.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { needs, type RunningServer, startNats } from "../../support/servers.ts";
import { placementOptions, socketProfile, socketService } from "../../support/socket-service.ts";
import { until } from "../../support/until.ts";

describe("The gateway of a cluster", () => {
	const gateways = new GatewayNodes();
	const brokers = new Brokers();
	let nats: RunningServer | undefined;
	let options: BrokerOptions;
	before(async function () {
		this.timeout(90_000);
		needs(this, "nats");
		nats = await startNats();
		options = {
			...placementOptions,
			namespace: `gateway-sockets-${process.pid}`,
			transporter: { type: "NATS", options: { url: nats.url } },
		};
	});
	afterEach(() => Promise.all([gateways.stopAll(), brokers.stopAll()]));
	after(() => nats?.stop());

	const startGateway = (): Promise<GatewayNode> => {
		const { middlewares: _own, ...broker } = options;
		return gateways.start({ routes: operationRoutes, broker: { ...broker, nodeID: "gateway" }, unready: true });
	};
	const startChat = () => brokers.start({ ...options, nodeID: "chat" }, socketService(socketProfile(nats?.url ?? "")));
	const untilReady = ({ api }: GatewayNode): Promise<unknown> =>
		until(
			"ready",
			() => api.get("/health/ready"),
			({ status }) => status === 200,
		);
	const knock = async ({ api }: GatewayNode): Promise<number> =>
		(await api.get("/socket.io/?EIO=4&transport=polling&stream_id=x")).status;

	it("is not ready before it knows where streams are, and lets in the first socket that comes when it is", async () => {
		await startChat();
		const gateway = await startGateway();
		await assert.rejects(gateway.broker.call("gateway.ready"), /sockets: it is not known yet/);
		assert.equal(await knock(gateway), 503);
		await untilReady(gateway);
		assert.equal(await knock(gateway), 200);
	});

	it("is ready where nobody has streams, and when somebody comes who has some, is so again when it passes sockets on", async () => {
		const gateway = await startGateway();
		await untilReady(gateway);
		assert.equal(await knock(gateway), 503);
		await startChat();
		await until(
			"the gateway to see it",
			async () => gateway.broker.registry.getServiceList({ onlyAvailable: true }),
			(services: { name: string }[]) => services.some(({ name }) => name === "chat"),
		);
		// Not over HTTP: what several probes ask is looked at once in a while.
		await until("ready", async () => nodePlacement(gateway.broker).ready, Boolean);
		assert.equal(await knock(gateway), 200);
	});
});

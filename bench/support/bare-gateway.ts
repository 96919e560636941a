// The peer of the GET figure: a bare moleculer-web gateway in front of an action that returns a constant of an order's size.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Service, ServiceBroker } from "moleculer";
import ApiGateway from "moleculer-web";

const constant = { id: "constant", text: "x".repeat(900) };
const broker = new ServiceBroker({ logger: false, nodeID: "bare" });
broker.createService({ name: "constant", actions: { get: () => constant } });
const web = broker.createService({
	name: "web",
	mixins: [ApiGateway],
	settings: { port: 0, ip: "127.0.0.1", routes: [{ path: "/", aliases: { "GET /constant": "constant.get" } }] },
}) as Service & { server: Server };
await broker.start();
process.send?.({ port: (web.server.address() as AddressInfo).port });
process.on("SIGTERM", () => void broker.stop().then(() => process.disconnect?.()));

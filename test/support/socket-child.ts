import { ServiceBroker } from "moleculer";
import { quiet } from "./brokers.ts";
import { placementOptions, socketProfile, socketService } from "./socket-service.ts";

// A node of a cluster with a service that has sockets, to be killed: node socket-child.ts <node id> <NATS URL> <namespace>

const [nodeID = "", url = "", namespace = ""] = process.argv.slice(2);
const broker = new ServiceBroker({
	...quiet,
	...placementOptions,
	nodeID,
	namespace,
	transporter: { type: "NATS", options: { url } },
});
broker.createService(socketService(socketProfile(url)));
await broker.start();
process.stdout.write("ready\n");
process.once("SIGTERM", () => {
	broker.stop().then(() => process.exit(0));
});

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Service, ServiceBroker, ServiceSchema } from "moleculer";
import type { Server, Socket as ServerSocket } from "socket.io";
import type { Socket } from "socket.io-client";
import { nodePlacement } from "../../mixins/placement/node-placement.ts";
import { type Sockets, sockets } from "../../mixins/placement/sockets.mixin.ts";
import { Brokers } from "../support/brokers.ts";
import { clientOf } from "../support/door-world.ts";
import { placementOptions, socketProfile } from "../support/socket-service.ts";

const SocketIOService = createRequire(import.meta.url)("moleculer-io") as ServiceSchema;

describe("moleculer-io behind the door", () => {
	const brokers = new Brokers();
	const clients: Socket[] = [];
	let port: number;
	let broker: ServiceBroker;

	const chat = {
		name: "chat",
		mixins: [SocketIOService, sockets({ ring: "chat", profile: socketProfile(null) })],
		settings: {
			io: {
				namespaces: {
					"/chat": {
						events: {
							whoami(this: ServerSocket & { $service: Service & Sockets }, _value: unknown, answer: (node: string) => void) {
								answer(this.$service.broker.nodeID);
							},
						},
					},
				},
			},
		},
		started(this: Service & Sockets & { io: Server }) {
			this.io.engine.generateId = this.door.newSessionId;
			return Promise.resolve();
		},
	} as unknown as ServiceSchema;

	before(async () => {
		broker = await brokers.start({ ...placementOptions, nodeID: "node" }, chat);
		port = (await nodePlacement(broker).door.listen(0, "127.0.0.1")).port;
	});
	after(async () => {
		for (const client of clients) client.disconnect();
		await brokers.stopAll();
	});

	for (const transport of ["websocket", "polling"] as const) {
		it(`takes this.server, which never listens, for its own, over ${transport}`, async () => {
			const client = clientOf(port, "g-1", transport);
			const chatClient = client.io.socket("/chat");
			clients.push(client, chatClient);
			assert.equal(await chatClient.connect().emitWithAck("whoami", null), "node");
			const service = broker.getLocalService("chat") as unknown as Sockets;
			assert.equal(service.server.listening, false);
			assert.equal(service.placement.ofSession(client.io.engine.id)?.id, "node");
		});
	}
});

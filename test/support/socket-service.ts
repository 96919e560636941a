import type { BrokerOptions, Service, ServiceBroker, ServiceSchema } from "moleculer";
import { Server } from "socket.io";
import { readEnvironment } from "../../config/environment.ts";
import type { Profile } from "../../config/profile-type.ts";
import { drain } from "../../middlewares/drain.ts";
import { placement } from "../../middlewares/placement.ts";
import { nodePlacement } from "../../mixins/placement/node-placement.ts";
import { type Sockets, sockets } from "../../mixins/placement/sockets.mixin.ts";
import type { Placement } from "../../realtime/placement.ts";
import type { RingName } from "../../realtime/ring.ts";
import { testSettings } from "./settings.ts";

// A service with sockets that says to each client which node it is on, and actions on its streams that answer the same.

type This = Service & Sockets & { io: Server };

export interface SocketServiceOptions {
	ring?: RingName;
	/** The actions fail on these nodes with what makes Moleculer try again. */
	fails?: (nodeId: string) => Error | null;
}

export const socketProfile = (transporter: string | null): Profile => ({
	...readEnvironment(testSettings),
	host: "127.0.0.1",
	transporter,
	kind: transporter === null ? "embedded" : "cluster",
});

export const socketService = (
	profile: Profile,
	{ ring = "chat", fails = () => null }: SocketServiceOptions = {},
): ServiceSchema => {
	const where = function (this: Service): string {
		const error = fails(this.broker.nodeID);
		if (error) throw error;
		return this.broker.nodeID;
	};
	const schema = {
		name: ring,
		mixins: [sockets({ ring, profile })],
		actions: {
			where: { stream: { param: "conversation" }, retryPolicy: { enabled: true, retries: 3, delay: 1 }, handler: where },
			inbox: { stream: { caller: true, prefix: "inbox-" }, handler: where },
			anywhere: where,
			nested: (ctx: { params: object; call: (name: string, params: object) => Promise<string> }) =>
				ctx.call(`${ring}.where`, ctx.params),
			itself(this: Service, ctx: { params: object }) {
				return (this.actions as Record<string, (params: object) => Promise<string>>).where?.(ctx.params);
			},
		},
		started(this: This) {
			this.io = new Server(this.server);
			this.io.engine.generateId = this.door.newSessionId;
			this.io.on("connection", (socket) => {
				const { request } = socket;
				const forwarded = request.headers["x-forwarded-for"]?.toString() ?? null;
				socket.emit("here", { node: this.broker.nodeID, hops: this.door.hopsOf(request), marked: false, forwarded });
			});
			return Promise.resolve();
		},
		methods: {
			// For middlewares/drain.ts.
			async drain(this: This) {
				this.io.emit("moved", {});
				this.io.disconnectSockets(true);
				await this.io.close();
			},
		},
	};
	return schema as unknown as ServiceSchema;
};

/** What a broker needs for placement, but for the bus. */
export const placementOptions: BrokerOptions = {
	middlewares: [drain(), placement()],
	heartbeatInterval: 0.75,
	heartbeatTimeout: 2,
};

export const placementOf = (broker: ServiceBroker): Placement => nodePlacement(broker).placement;

export const doorPort = (broker: ServiceBroker): number => {
	const { sockets } = broker.metadata as { sockets?: { address: string } };
	return Number(sockets?.address.split(":").at(-1));
};

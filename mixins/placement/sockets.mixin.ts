import { createServer, type Server } from "node:http";
import type { Service, ServiceSchema } from "moleculer";
import type { Profile } from "../../config/profile-type.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Door } from "../../realtime/door/door.ts";
import type { Placement } from "../../realtime/placement.ts";
import type { RingName } from "../../realtime/ring.ts";
import { nodePlacement } from "./node-placement.ts";

export interface SocketsOptions {
	/** The name of the service, which is that of its ring. */
	ring: RingName;
	profile: Pick<Profile, "transporter" | "socketPort" | "host" | "advertise" | "corsOrigins" | "publicUrl">;
}

/** What the mixin puts on the service. */
export interface Sockets {
	/** Who owns which stream, and `onChange`. */
	placement: Placement;
	door: Door;
	/** Never listens. The door hands it `request` and `upgrade` of the streams of this ring that are this node's. */
	server: Server;
}

/** Puts the service's HTTP server, on which its socket.io server stands, behind the door of this process. */
export const sockets = ({ ring, profile }: SocketsOptions): Partial<ServiceSchema> => {
	const schema = {
		actions: {
			/** An operator's wish, for this very node: call it with `nodeID`. */
			handOver: {
				visibility: "public",
				handler(this: Service & Sockets): void {
					if (!nodePlacement(this.broker).handOver())
						throw new DomainError("TRANSITION_REFUSED", "There is no other node that could take its streams");
				},
			},
		},
		created(this: Service & Sockets) {
			const node = nodePlacement(this.broker);
			node.allowPages(profile);
			this.placement = node.placement;
			this.door = node.door;
			this.server = createServer();
		},
		async started(this: Service & Sockets) {
			this.door.serve(ring, this.server);
			await nodePlacement(this.broker).open(profile);
		},
	};
	return schema as unknown as Partial<ServiceSchema>;
};

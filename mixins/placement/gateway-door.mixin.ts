import type { Server } from "node:http";
import type { Service, ServiceSchema } from "moleculer";
import type { Profile } from "../../config/profile-type.ts";
import { nodePlacement } from "./node-placement.ts";

/** Puts the door of this process in front of a service's HTTP server, `this.server`, so that `/socket.io` works on its port too. */
export const gatewayDoor = (profile: Pick<Profile, "corsOrigins" | "publicUrl">): Partial<ServiceSchema> => {
	const schema = {
		// Before the start of the service listens: no request comes earlier.
		created(this: Service & { server: Server }) {
			const node = nodePlacement(this.broker);
			node.allowPages(profile);
			node.door.standBefore(this.server);
		},
	};
	return schema as unknown as Partial<ServiceSchema>;
};

import type { Service } from "moleculer";
import type { Server } from "socket.io";
import type { Profile } from "../../config/profile-type.ts";
import type { Namespace } from "../../contracts/sockets.ts";
import type { Engine } from "../../realtime/engine.ts";
import type { RingName } from "../../realtime/ring.ts";
import type { AccessTokenMethods } from "../access-token/access-token.mixin.ts";
import type { Sockets } from "../placement/sockets.mixin.ts";
import type { RateLimits } from "../rate-limits/rate-limits.ts";
import type { VolatileRedis } from "../redis/volatile-redis.ts";
import type { ConnectionRegistry } from "./connection-registry.ts";
import type { Frame } from "./frame.ts";
import type { Gate } from "./gate.ts";
import type { StreamHome } from "./ports.ts";
import type { StreamSession } from "./session.ts";

export interface StreamsOptions {
	/** The name of the service, which is that of its ring. */
	ring: RingName;
	namespace: Namespace;
	profile: Profile;
	/** Asked once the service's store is open. */
	home(service: Service): StreamHome;
}

/** Members of `this` in a service with this mixin. */
export interface StreamsMembers extends Sockets, AccessTokenMethods {
	engine: Engine<Frame>;
	sessions: Set<StreamSession>;
	/** Who may join, and how many connections a user has. */
	gate: Gate;
	home: StreamHome;
	io: Server;
}

export interface Private {
	redis: VolatileRedis | null;
	limits: RateLimits;
	registry: ConnectionRegistry;
	trustProxy: number;
	undo: (() => void)[];
	draining: Promise<void> | undefined;
	/** For middlewares/drain.ts. */
	drainsFirst: boolean;
	drain(): Promise<void>;
}

/** `this` of a service with sockets, as the files of this folder see it. */
export type StreamsService = Service & StreamsMembers & Private;

import type { Caller } from "../../contracts/call.ts";
import type { ClientPayload } from "../../contracts/sockets.ts";
import type { StreamLog } from "../../realtime/log.ts";
import type { Greeting, Membership, Observer } from "../../realtime/ports.ts";
import type { ConnectionStore } from "./connection-registry.ts";

/** What a service does with what comes over its sockets. Each may throw DomainErrors, which become refusals. */
export interface StreamHandlers {
	/** Only streams that take posts from outside have these two. */
	post?(stream: string, caller: Caller, message: ClientPayload<"post">): Promise<{ seq: number; at: string }>;
	amend?(stream: string, caller: Caller, message: ClientPayload<"amend">): Promise<{ seq: number }>;
	read(stream: string, caller: Caller, seq: number): Promise<{ seq: number }>;
	delivered?(stream: string, caller: Caller, seq: number): Promise<{ seq: number }>;
}

/** What the sockets of a service need of it. */
export interface StreamHome extends Membership {
	readonly log: StreamLog;
	/** Throws NOT_FOUND where this user may not follow, or there is no such stream. */
	admit(stream: string, caller: Caller): Promise<void>;
	/** For `ready`. */
	greet(stream: string, userId: string): Promise<Greeting>;
	readonly handlers: StreamHandlers;
	readonly observer?: Observer;
	/** Where it is written down who is connected. */
	readonly registry: ConnectionStore;
}

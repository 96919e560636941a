import { newId } from "../../contracts/ids.ts";
import type { CollectionSpec, Document } from "../store/port.ts";

/** One connection as the registry keeps it, until some time after its end. */
export interface ConnectionRow extends Document {
	userId: string;
	/** The node that served it. */
	node: string;
	/** Of the client, as far as the proxies that are trusted tell. */
	address: string;
	agent: string;
	stream: string;
	namespace: string;
	/** ISO 8601, as all times here. */
	connectedAt: string;
	/** Absent if the client has said nothing, or not yet written down. */
	lastMessageAt?: string;
	/** While it lives: the run of the node that serves it. */
	live?: string;
	endedAt?: string;
	/** Why; see `whyEnded`. */
	endedBy?: string;
}

export const connectionRows = {
	indexes: [
		{ name: "person", fields: [["userId", 1], ["_id", -1]] }, // biome-ignore format: one line
		{ name: "node", fields: [["node", 1], ["_id", -1]] }, // biome-ignore format: one line
		{ name: "live", fields: [["live", 1]], sparse: true },
		{ name: "ended", fields: [["endedAt", 1]], sparse: true },
	],
} as const satisfies CollectionSpec;

/** Digits of base 36 that hold epoch ms for a long time. */
const digits = 9;

/** Sorts by the time of the connection. */
export const connectionId = (at: number): string => `${at.toString(36).padStart(digits, "0")}${newId()}`;

/** A node that starts again under its name is another run. */
export const runOf = (nodeId: string, instanceId: string): string => `${nodeId}/${instanceId}`;

/** What is known at the end of a connection. */
export interface Ending {
	/** Code of the problem that we ended it with. */
	problem: string | undefined;
	/** We had told it that its stream is elsewhere. */
	moved: boolean;
	/** This node hands all its streams over. */
	stopping: boolean;
	/** socket.io's word. */
	reason: string;
}

/**
 * `client`: it went, or its network did; `timeout`: it did not answer pings; `moved`; `node stopped`; the code of a problem. The registry's
 * sweep adds `node lost`.
 */
export const whyEnded = ({ problem, moved, stopping, reason }: Ending): string => {
	if (problem !== undefined) return problem;
	if (moved) return stopping ? "node stopped" : "moved";
	if (reason === "server shutting down") return "node stopped";
	return reason === "ping timeout" ? "timeout" : "client";
};

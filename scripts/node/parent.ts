// What a node tells the process that started it (scripts/cluster.ts, scripts/demo.ts, the tests), if there is one.

export type NodeMessage =
	/** Its settings are right and it listens to signals; nothing runs yet. */
	| { readonly type: "starting"; readonly port: null }
	/** The gateway listens; port is null on a node without one. */
	| { readonly type: "listening"; readonly port: number | null; readonly nodeID: string }
	/** Everything that /health/ready asks for answers. On a node without a gateway: its services have started, and its port takes sockets. */
	| { readonly type: "ready"; readonly port: number | null; readonly nodeID: string };

export const isNodeMessage = (message: unknown): message is NodeMessage =>
	typeof message === "object" && message !== null && "type" in message && "port" in message;

export const tellParent = (message: NodeMessage): void => {
	if (process.connected) process.send?.(message);
};

/** A parent that was killed cannot say goodbye: its nodes would go on for ever. */
export const whenParentIsGone = (then: () => void): void => {
	if (!process.connected) return;
	process.once("disconnect", then);
};

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { nodeFlags } from "../../scripts/node/flags.ts";
import type { Command, Flood, Flooded, Resumed } from "./stream-clients.ts";
import type { Target } from "./stream-socket.ts";

export const endChild = async (child: ChildProcess): Promise<void> => {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = once(child, "exit");
	child.kill("SIGKILL");
	await gone;
};

/** What the child says next; rejects if it ends instead. */
export const said = async <T>(child: ChildProcess): Promise<T> => {
	const abort = new AbortController();
	try {
		const [first] = (await Promise.race([
			once(child, "message", { signal: abort.signal }),
			once(child, "exit", { signal: abort.signal }).then(() => {
				throw new Error("a process of this bench has ended");
			}),
		])) as [T];
		return first;
	} finally {
		abort.abort();
	}
};

export interface Clients {
	/** @param checkEvery every so manieth socket looks at the seqs of what it gets; 0: none does */
	open(targets: readonly Target[], checkEvery?: number): Promise<void>;
	flood(flood: Flood): Promise<Flooded>;
	/** More sockets, which join and then read nothing; the first `asking` ask for history all the time. */
	stall(targets: readonly Target[], asking: number): Promise<void>;
	resume(targets: readonly Target[], missed: number, times: number, width: number): Promise<Resumed>;
	close(): Promise<void>;
	end(): Promise<void>;
}

/** Sockets in a process of their own, so that what they cost is not the server's. */
export const startClients = (): Clients => {
	const child = fork(new URL("stream-clients.ts", import.meta.url));
	const ask = async <T>(command: Command): Promise<T> => {
		child.send(command);
		return (await said<{ answer: T }>(child)).answer;
	};
	return {
		async open(targets, checkEvery = 0) {
			await ask({ do: "open", targets: [...targets], checkEvery });
		},
		flood: (flood) => ask({ do: "flood", flood }),
		async stall(targets, asking) {
			await ask({ do: "stall", targets: [...targets], asking });
		},
		resume: (targets, missed, times, width) => ask({ do: "resume", targets: [...targets], missed, times, width }),
		async close() {
			await ask({ do: "close" });
		},
		end: () => endChild(child),
	};
};

export interface Peer {
	pid: number;
	port: number;
	stop(): Promise<void>;
}

/** socket.io's own server, started with the flags of our nodes. */
export const startPeer = async (env: Record<string, string> = {}): Promise<Peer> => {
	const child = fork(new URL("../peers/socket-io.ts", import.meta.url), {
		env: { ...process.env, ...env },
		execArgv: [...nodeFlags],
	});
	const { port } = await said<{ port: number }>(child);
	return { pid: child.pid ?? 0, port, stop: () => endChild(child) };
};

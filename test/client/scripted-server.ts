import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";

/** What a client came with. */
export interface Arrival {
	socket: Socket;
	streamId: string;
	auth: Record<string, unknown>;
}

/** A socket.io server that says what the test tells it to: for the client's own rules. The real one is in the acceptance suites. */
export interface ScriptedServer {
	url: string;
	/** The next connection that nobody has waited for yet. */
	arrival(): Promise<Arrival>;
	/** How many came so far. */
	readonly count: number;
	/** Instead of the default, which lets everybody in. */
	admit: (auth: Record<string, unknown>) => Error | undefined;
	close(): Promise<void>;
}

export const refusal = (code: string, retryable?: boolean): Error =>
	Object.assign(new Error(code), { data: { code, title: code, ...(retryable === undefined ? {} : { retryable }) } });

export const startScriptedServer = async (): Promise<ScriptedServer> => {
	const http = createServer();
	const io = new Server(http);
	const arrivals: Arrival[] = [];
	const waiting: ((arrival: Arrival) => void)[] = [];
	let count = 0;
	const server: ScriptedServer = {
		url: "",
		arrival: () => {
			const here = arrivals.shift();
			return here ? Promise.resolve(here) : new Promise((resolve) => waiting.push(resolve));
		},
		get count() {
			return count;
		},
		admit: () => undefined,
		close: async () => {
			await io.close();
		},
	};
	for (const namespace of ["/chat", "/notifications"]) {
		io.of(namespace).use((socket, next) => next(server.admit(socket.handshake.auth)));
		io.of(namespace).on("connection", (socket) => {
			count += 1;
			const { auth, query } = socket.handshake;
			const arrival = { socket, auth, streamId: String(query.stream_id) };
			const next = waiting.shift();
			if (next) next(arrival);
			else arrivals.push(arrival);
		});
	}
	await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
	server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
	return server;
};

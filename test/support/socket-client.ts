import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { until } from "./until.ts";

type Options = Partial<ManagerOptions & SocketOptions>;

/** Null where it is worth another try. */
const tryOpen = async (url: string, stream: string, token: string, options: Options): Promise<Socket | null> => {
	const query = { stream_id: stream };
	const socket = io(`${url}/chat`, { query, auth: { token }, forceNew: true, reconnection: false, ...options });
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	socket.once("ready", () => resolve());
	socket.once("connect_error", reject);
	try {
		await promise;
		return socket;
	} catch (error) {
		socket.close();
		const { data } = error as { data?: { retryable?: boolean } };
		// Without data it was no answer of the namespace: a node that has just started does not know yet whose the stream is.
		if (!data || data.retryable) return null;
		throw error;
	}
};

/** A socket of socket.io's own client that follows a stream and, once it does, does not come back by itself. Rejects with the `connect_error`. */
export const openSocket = async (url: string, stream: string, token: string, options: Options = {}): Promise<Socket> => {
	const open = () => tryOpen(url, stream, token, options);
	const socket = await until(`a socket on ${stream}`, open, (found) => found !== null);
	if (!socket) throw new Error("until ended without one");
	return socket;
};

/** Resolves with socket.io's reason. */
export const untilGone = (socket: Socket): Promise<string> => new Promise((resolve) => socket.once("disconnect", resolve));

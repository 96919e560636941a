import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { namespaceOf } from "../../contracts/sockets.ts";

type Options = Partial<ManagerOptions & SocketOptions>;

/** A socket of socket.io's own client that follows a stream, and does not come back by itself. Rejects with the `connect_error`, at the first try. */
export const openSocket = async (url: string, stream: string, token: string, options: Options = {}): Promise<Socket> => {
	const query = { stream_id: stream };
	const socket = io(`${url}${namespaceOf(stream)}`, { query, auth: { token }, forceNew: true, reconnection: false, ...options });
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	socket.once("ready", () => resolve());
	socket.once("connect_error", reject);
	try {
		await promise;
		return socket;
	} catch (error) {
		socket.close();
		throw error;
	}
};

/** Resolves with socket.io's reason. */
export const untilGone = (socket: Socket): Promise<string> => new Promise((resolve) => socket.once("disconnect", resolve));

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between one node and a server, so that the node can be cut off from it while others are not. */
export interface TcpGate {
	port: number;
	/** Ends what is connected and takes nobody until `open`. */
	cut(): void;
	/** Nothing passes until `open`, and nobody is told: as when cables are pulled. */
	silence(): void;
	open(): void;
	close(): Promise<void>;
}

export const tcpGate = async (port: number): Promise<TcpGate> => {
	const sockets = new Set<Socket>();
	let isOpen = true;
	let isSilent = false;
	const track = (socket: Socket, other: Socket): void => {
		sockets.add(socket);
		socket.on("error", () => other.destroy());
		socket.on("close", () => {
			sockets.delete(socket);
			other.destroy();
		});
	};
	const server = createServer((client) => {
		if (!isOpen) return void client.destroy();
		const upstream = connect({ host: "127.0.0.1", port });
		track(client, upstream);
		track(upstream, client);
		client.pipe(upstream).pipe(client);
		if (isSilent) for (const socket of [client, upstream]) socket.pause();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const cut = (): void => {
		isOpen = false;
		for (const socket of sockets) socket.destroy();
	};
	return {
		port: (server.address() as AddressInfo).port,
		cut,
		silence: () => {
			isSilent = true;
			for (const socket of sockets) socket.pause();
		},
		open: () => {
			isOpen = true;
			isSilent = false;
			for (const socket of sockets) socket.resume();
		},
		close() {
			cut();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
};

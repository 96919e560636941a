import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server on which what the server says can be stopped or slowed down, as a bad network does; what clients say passes. */
export interface SlowWay {
	readonly port: number;
	stop(): void;
	/** So many bytes every so many ms. */
	trickle(bytes: number, ms: number): void;
	go(): void;
	close(): Promise<void>;
}

export const slowWay = async (port: number): Promise<SlowWay> => {
	const servers = new Set<Socket>();
	const all = new Set<Socket>();
	let flowing = true;
	let timer: NodeJS.Timeout | undefined;
	const server = createServer((client) => {
		const upstream = connect({ host: "127.0.0.1", port });
		for (const [socket, other] of [
			[client, upstream],
			[upstream, client],
		] as const) {
			all.add(socket);
			socket.on("error", () => other.destroy());
			socket.on("close", () => {
				all.delete(socket);
				servers.delete(socket);
				other.destroy();
			});
		}
		servers.add(upstream);
		client.pipe(upstream);
		// Read by hand: a stopped way must fill up, not be drained into memory.
		upstream.on("readable", () => flowing && pass(upstream, client));
		client.on("drain", () => flowing && pass(upstream, client));
		(upstream as Socket & { to: Socket }).to = client;
	});
	const pass = (from: Socket, to: Socket, most = Number.POSITIVE_INFINITY): void => {
		for (let left = most; left > 0; ) {
			const chunk = (from.readableLength > left ? from.read(left) : from.read()) as Buffer | null;
			if (!chunk) return;
			left -= chunk.length;
			if (!to.write(chunk) && most === Number.POSITIVE_INFINITY) return;
		}
	};
	const passAll = (most?: number): void => {
		for (const socket of servers) pass(socket, (socket as Socket & { to: Socket }).to, most);
	};
	const halt = (): void => {
		flowing = false;
		clearInterval(timer);
	};
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		port: (server.address() as AddressInfo).port,
		stop: halt,
		trickle(bytes, ms) {
			halt();
			timer = setInterval(() => passAll(bytes), ms);
		},
		go() {
			halt();
			flowing = true;
			passAll();
		},
		async close() {
			halt();
			for (const socket of all) socket.destroy();
			server.close();
			await once(server, "close");
		},
	};
};

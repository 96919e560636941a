import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server on which what the server says can be stopped or slowed down, as a bad network does; what clients say passes. */
export interface SlowWay {
	readonly port: number;
	stop(): void;
	/** One read, of 64 KiB at most, every so many ms on each connection. */
	trickle(ms: number): void;
	go(): void;
	close(): Promise<void>;
}

export const slowWay = async (port: number): Promise<SlowWay> => {
	const upstreams = new Set<Socket>();
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
				upstreams.delete(socket);
				other.destroy();
			});
		}
		upstreams.add(upstream);
		client.pipe(upstream);
		// By hand: a stopped way must fill up, not be drained into memory.
		upstream.on("data", (chunk: Buffer) => {
			const full = !client.write(chunk);
			if (full || !flowing) upstream.pause();
		});
		client.on("drain", () => flowing && upstream.resume());
		if (!flowing) upstream.pause();
	});
	const halt = (): void => {
		flowing = false;
		clearInterval(timer);
		for (const upstream of upstreams) upstream.pause();
	};
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		port: (server.address() as AddressInfo).port,
		stop: halt,
		trickle(ms) {
			halt();
			timer = setInterval(() => {
				for (const upstream of upstreams) upstream.resume();
			}, ms);
		},
		go() {
			halt();
			flowing = true;
			for (const upstream of upstreams) upstream.resume();
		},
		async close() {
			halt();
			for (const socket of all) socket.destroy();
			server.close();
			await once(server, "close");
		},
	};
};

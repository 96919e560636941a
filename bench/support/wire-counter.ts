import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

// What the driver does to keep its connections and its view of the replica set; not work that an order causes.
const housekeeping = new Set(["hello", "isMaster", "ismaster", "ping", "endSessions", "saslStart", "saslContinue", "buildInfo"]);

interface Command {
	name: string;
	/** Empty where the command is about none. */
	collection: string;
}

/** The command in an OP_MSG (opcode 2013): the first member of the body section's document, which is its name and its collection. */
const commandOf = (message: Buffer): Command | undefined => {
	if (message.readInt32LE(12) !== 2013 || message[20] !== 0) return undefined;
	const end = message.indexOf(0, 26);
	const name = message.toString("latin1", 26, end);
	const isText = message[25] === 2;
	const collection = isText ? message.toString("latin1", end + 5, end + 4 + message.readInt32LE(end + 1)) : "";
	return { name, collection };
};

/** Cuts a byte stream into MongoDB wire messages (little-endian int32 length first) and names the command of each. */
const commandCutter = (onCommand: (command: Command) => void): ((chunk: Buffer) => void) => {
	let held: Buffer = Buffer.alloc(0);
	return (chunk) => {
		held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
		while (held.length >= 16) {
			const length = held.readInt32LE(0);
			if (held.length < length) return;
			const command = commandOf(held.subarray(0, length));
			if (command) onCommand(command);
			held = held.subarray(length);
		}
	};
};

export interface WireCounter {
	port: number;
	/** Commands by name since the start, housekeeping left out. */
	counts: Map<string, number>;
	/** As `counts`, by "command collection". */
	byCollection: Map<string, number>;
	total(): number;
	close(): Promise<void>;
}

/** A TCP proxy in front of MongoDB that counts the commands of all processes that connect through it. */
export const countCommands = async (target: { host: string; port: number }): Promise<WireCounter> => {
	const counts = new Map<string, number>();
	const byCollection = new Map<string, number>();
	const count = (map: Map<string, number>, key: string): Map<string, number> => map.set(key, (map.get(key) ?? 0) + 1);
	const sockets = new Set<Socket>();
	const server = createServer((client) => {
		const upstream = connect(target);
		const cut = commandCutter(({ name, collection }) => {
			if (housekeeping.has(name)) return;
			count(counts, name);
			count(byCollection, `${name} ${collection}`);
		});
		client.on("data", cut);
		client.pipe(upstream).pipe(client);
		for (const [socket, other] of [
			[client, upstream],
			[upstream, client],
		] as const) {
			sockets.add(socket);
			socket.on("error", () => other.destroy());
			socket.on("close", () => {
				sockets.delete(socket);
				other.destroy();
			});
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		port: (server.address() as AddressInfo).port,
		counts,
		byCollection,
		total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
		close: () =>
			new Promise((resolve) => {
				for (const socket of sockets) socket.destroy();
				server.close(() => resolve());
			}),
	};
};

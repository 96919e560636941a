import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { BSON } from "mongodb";

// Stands between the driver and a MongoDB server and does to one command what networks and servers do: loses it, loses its
// answer, keeps it for later, or changes what the answer says. Frames: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/

const opMsg = 2013;
const headerLength = 16;
/** Header, then four bytes of flags and the kind of the first section, which is the command's document. */
const bodyStart = headerLength + 5;
const checksumFlag = 1;

export type Fault =
	/** It reaches the server and is carried out; the connection ends before the answer. */
	| "lose answer"
	/** The connection ends before it reaches the server. */
	| "lose request"
	/** The connection ends at once, and the server gets it when `deliver()` is called. */
	| "deliver late"
	/** The server's answer, changed. */
	| ((answer: Record<string, unknown>) => Record<string, unknown>);

interface Planned {
	command: string;
	collection: string | undefined;
	skip: number;
	fault: Fault;
	onStrike: (() => void) | undefined;
	struck: () => void;
}

export interface MongoProxy {
	/** Same query as the server's URL, which names a replica set: it is asked directly, so that it is not left for the real address. */
	readonly url: string;
	/**
	 * Does `fault` to the next such command, after letting `skip` of them pass. Resolves when it has struck.
	 * `on.collection`: only to those on it. `on.strike`: called before anything of the fault can be noticed.
	 */
	plan(
		command: "insert" | "update" | "findAndModify" | "delete" | "find" | "aggregate",
		fault: Fault,
		skip?: number,
		on?: { collection?: string; strike?: () => void },
	): Promise<void>;
	/** Hands the server what was kept by "deliver late" and resolves with its answer. */
	deliver(): Promise<Record<string, unknown>>;
	close(): Promise<void>;
}

const isMessage = (frame: Buffer): boolean => frame.readInt32LE(12) === opMsg && frame[headerLength + 4] === 0;

const bodyOf = (frame: Buffer): Record<string, unknown> => {
	const length = frame.readInt32LE(bodyStart);
	return BSON.deserialize(frame.subarray(bodyStart, bodyStart + length));
};

const withBody = (frame: Buffer, body: Record<string, unknown>): Buffer => {
	const head = Buffer.from(frame.subarray(0, bodyStart));
	head.writeInt32LE(head.readInt32LE(headerLength) & ~checksumFlag, headerLength);
	const whole = Buffer.concat([head, BSON.serialize(body)]);
	whole.writeInt32LE(whole.length, 0);
	return whole;
};

/** Calls `each` for every whole frame that arrives. */
const onFrames = (socket: Socket, each: (frame: Buffer) => void): void => {
	let rest: Buffer = Buffer.alloc(0);
	socket.on("data", (chunk: Buffer) => {
		rest = Buffer.concat([rest, chunk]);
		while (rest.length >= headerLength && rest.length >= rest.readInt32LE(0)) {
			const length = rest.readInt32LE(0);
			each(rest.subarray(0, length));
			rest = rest.subarray(length);
		}
	});
};

export const startMongoProxy = async (port: number): Promise<MongoProxy> => {
	const sockets = new Set<Socket>();
	let planned: Planned | undefined;
	let late: Buffer | undefined;

	const strike = (frame: Buffer): Fault | undefined => {
		if (!planned || !isMessage(frame)) return undefined;
		const [command, collection] = Object.entries(bodyOf(frame))[0] ?? [];
		if (command !== planned.command || (planned.collection && collection !== planned.collection)) return undefined;
		if (planned.skip-- > 0) return undefined;
		const { fault, struck, onStrike } = planned;
		planned = undefined;
		onStrike?.();
		struck();
		return fault;
	};

	const server = createServer((client) => {
		const upstream = connect(port, "127.0.0.1");
		const faults = new Map<number, Fault>();
		const cut = (): void => {
			client.destroy();
			upstream.destroy();
		};
		for (const socket of [client, upstream]) {
			sockets.add(socket);
			socket.once("close", () => sockets.delete(socket));
			socket.on("error", cut); // the other side's end of a cut, or the server is away: the driver is told by the close
			socket.on("close", cut);
		}
		onFrames(client, (frame) => {
			const fault = strike(frame);
			if (fault === "lose request") return cut();
			if (fault === "deliver late") {
				late = Buffer.from(frame);
				return cut();
			}
			if (fault) faults.set(frame.readInt32LE(4), fault);
			upstream.write(frame);
		});
		onFrames(upstream, (frame) => {
			const fault = faults.get(frame.readInt32LE(8));
			if (fault === "lose answer") return cut();
			client.write(typeof fault === "function" ? withBody(frame, fault(bodyOf(frame))) : frame);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

	return {
		url: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/?directConnection=true&serverSelectionTimeoutMS=1500`,
		plan: (command, fault, skip = 0, { collection, strike: onStrike } = {}) =>
			new Promise((struck) => {
				planned = { command, collection, fault, skip, onStrike, struck };
			}),
		deliver: () =>
			new Promise((resolve, reject) => {
				if (!late) return reject(new Error("nothing was kept"));
				const upstream = connect(port, "127.0.0.1");
				upstream.once("error", reject);
				onFrames(upstream, (frame) => {
					upstream.end();
					resolve(bodyOf(frame));
				});
				upstream.write(late);
				late = undefined;
			}),
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				for (const socket of sockets) socket.destroy();
			}),
	};
};

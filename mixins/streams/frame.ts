import type { Namespace } from "socket.io";
import type { ProblemMessage } from "../../contracts/stream-messages.ts";
import type { Encoder } from "../../realtime/ports.ts";

/** A message encoded once for all sockets of a namespace. */
export interface Frame {
	/** As socket.io writes it. */
	readonly packets: string[];
	/** Taken as they are by `client.writeToEngine`. */
	readonly options: FrameOptions;
	/** Ready to be written to the connection of a WebSocket; null where socket.io made none. */
	readonly wire: Buffer | null;
	/** On a WebSocket. */
	readonly bytes: number;
	/** The code, if it tells of a problem: the last that a client hears. */
	readonly problem?: string;
}

interface FrameOptions {
	preEncoded: true;
	wsPreEncodedFrame?: Buffer[];
}

/** What socket.io's own broadcast uses of its in-memory adapter; in no type of it. */
interface BroadcastEncoder {
	_encode(packet: object, options: FrameOptions): string[];
}

/** An event, in socket.io's protocol. */
const eventPacket = 2;

export const frameEncoder = (namespace: Namespace): Encoder<Frame> => ({
	encode(event, payload) {
		const options: FrameOptions = { preEncoded: true };
		const adapter = namespace.adapter as unknown as BroadcastEncoder;
		const packets = adapter._encode({ type: eventPacket, nsp: namespace.name, data: [event, payload] }, options);
		const problem = event === "problem" ? { problem: (payload as ProblemMessage).code } : {};
		if (!options.wsPreEncodedFrame) {
			const bytes = packets.reduce((sum, packet) => sum + Buffer.byteLength(packet), 0);
			return { packets, options, wire: null, bytes, ...problem };
		}
		// One piece: a head and a body apart cost each socket two writes and a cork.
		const wire = Buffer.concat(options.wsPreEncodedFrame);
		options.wsPreEncodedFrame = [wire];
		return { packets, options, wire, bytes: wire.length, ...problem };
	},
});

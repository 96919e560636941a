import { type ConnectionOptions, connect, type NatsConnection } from "nats";
import { natsOptions } from "../../../config/connections.ts";

export const connectionOptions = (transporter: string, name: string): ConnectionOptions => ({
	...natsOptions(transporter, name),
	// A bus that is away comes back: we neither give up nor refuse to start.
	waitOnFirstConnect: true,
	reconnectJitter: 250,
});

/** One connection a process, its own beside Moleculer's: a full send buffer of one must not hold up the other. */
export const connectBus = (transporter: string, name: string): Promise<NatsConnection> =>
	connect(connectionOptions(transporter, name));

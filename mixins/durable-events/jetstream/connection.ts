import { type ConnectionOptions, connect, type NatsConnection } from "nats";

/** `user:password@host:port` becomes host and credentials: nats.js takes no credentials in a URL. */
const credentialsOf = (urls: readonly string[]): Pick<ConnectionOptions, "user" | "pass"> => {
	const first = urls.map((url) => new URL(url)).find(({ username }) => username !== "");
	return first ? { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) } : {};
};

export const connectionOptions = (transporter: string, name: string): ConnectionOptions => {
	const urls = transporter.split(",").map((url) => url.trim());
	return {
		name,
		servers: urls.map((url) => new URL(url).host),
		...credentialsOf(urls),
		...(urls.some((url) => url.startsWith("tls:")) ? { tls: {} } : {}),
		// A bus that is away comes back: we neither give up nor refuse to start.
		maxReconnectAttempts: -1,
		waitOnFirstConnect: true,
		reconnectTimeWait: 250,
		reconnectJitter: 250,
		// A server that hangs with its sockets open is left after 10 s, not after the default of four minutes.
		pingInterval: 5_000,
		maxPingOut: 2,
	};
};

/** One connection a process, its own beside Moleculer's: a full send buffer of one must not hold up the other. */
export const connectBus = (transporter: string, name: string): Promise<NatsConnection> =>
	connect(connectionOptions(transporter, name));

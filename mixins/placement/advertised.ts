import { networkInterfaces } from "node:os";

const everywhere = new Set(["0.0.0.0", "::", ""]);

const firstAddress = (): string => {
	const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
};

/** `host:port` for the other nodes, unless ADVERTISE says it: the host that is listened on, or the first address that is not this machine's alone. */
export const advertised = (host: string, port: number): string => {
	const name = everywhere.has(host) ? firstAddress() : host;
	return `${name.includes(":") ? `[${name}]` : name}:${port}`;
};

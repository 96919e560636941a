import { readFile, writeFile } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import type { Authority } from "./certificates.ts";
import { freePort } from "./free-port.ts";
import { answers, ServerProcess } from "./server-process.ts";
import { findServer } from "./servers.ts";

// NATS and Redis as they should be in production: TLS with certificates on both sides, and a password. And TLS in front of MongoDB.

export const secrets = { user: "souk", password: "p@ss:w/rd %41" } as const;

interface Files {
	readonly dir: string;
	readonly ca: string;
	readonly server: { readonly cert: string; readonly key: string };
}

export interface TlsServer {
	readonly port: number;
	stop(): Promise<void>;
}

/** Whoever listens there speaks TLS, or says something. */
const handshakes = (port: number): Promise<boolean> =>
	new Promise((resolve) => {
		const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", ({ message }) => resolve(/alert/.test(message))); // it asks for a certificate
	});

export const startTlsNats = async ({ dir, ca, server }: Files): Promise<TlsServer & { monitor: number }> => {
	const [port, monitor] = [await freePort(), await freePort()];
	const conf = join(dir, "nats.conf");
	const { user, password } = secrets;
	await writeFile(
		conf,
		`listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitor}"
jetstream { store_dir: "${join(dir, "jetstream")}" }
authorization { users = [ { user: "${user}", password: "${password}" } ] }
tls { cert_file: "${server.cert}", key_file: "${server.key}", ca_file: "${ca}", verify: true }
`,
	);
	const command = findServer("nats") ?? "nats-server";
	const ready = (at: number): Promise<boolean> => answers(at, "", "INFO");
	const process = new ServerProcess({ name: "nats", command, args: ["-c", conf], port, ready });
	await process.start();
	return { port, monitor, stop: () => process.kill() };
};

/** Without TLS, for whoever has the key. */
export const startNkeyNats = async (dir: string, nkey: string): Promise<TlsServer> => {
	const port = await freePort();
	const conf = join(dir, "nats-nkey.conf");
	await writeFile(conf, `listen: "127.0.0.1:${port}"\nauthorization { users = [ { nkey: "${nkey}" } ] }\n`);
	const ready = (at: number): Promise<boolean> => answers(at, "", "INFO");
	const process = new ServerProcess({
		name: "nats",
		command: findServer("nats") ?? "nats-server",
		args: ["-c", conf],
		port,
		ready,
	});
	await process.start();
	return { port, stop: () => process.kill() };
};

export const startTlsRedis = async ({ dir, ca, server }: Files): Promise<TlsServer> => {
	const port = await freePort();
	const conf = join(dir, "redis.conf");
	const { user, password } = secrets;
	await writeFile(
		conf,
		`bind 127.0.0.1
port 0
tls-port ${port}
tls-cert-file ${server.cert}
tls-key-file ${server.key}
tls-ca-cert-file ${ca}
tls-auth-clients yes
user default off
user ${user} on "${`>${password}`}" ~* &* +@all
save ""
dir ${dir}
`,
	);
	const process = new ServerProcess({
		name: "redis",
		command: findServer("redis") ?? "redis-server",
		args: [conf],
		port,
		ready: handshakes,
	});
	await process.start();
	return { port, stop: () => process.kill() };
};

/** TLS as mongod with `net.tls.mode: requireTLS` and a CA file does it, in front of one that has none. */
export const tlsBefore = async (target: number, { ca, server }: Files): Promise<TlsServer> => {
	const [cert, key, authority] = await Promise.all([server.cert, server.key, ca].map((path) => readFile(path)));
	const front = createServer({ cert, key, ca: authority, requestCert: true, rejectUnauthorized: true }, (client) => {
		const upstream = connectPlain({ port: target, host: "127.0.0.1" });
		client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy());
		upstream.on("error", () => client.destroy()).on("close", () => client.destroy());
		client.pipe(upstream).pipe(client);
	});
	front.on("tlsClientError", () => undefined); // the client hears of it
	const port = await freePort();
	await new Promise<void>((resolve) => front.listen(port, "127.0.0.1", resolve));
	return { port, stop: () => new Promise((resolve) => front.close(() => resolve())) };
};

export const filesOf = async (dir: string, { ca, issue }: Authority): Promise<Files> => ({
	dir,
	ca,
	server: await issue("server"),
});

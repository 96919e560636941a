import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { answers, ServerProcess } from "./server-process.ts";
import { findServer } from "./servers.ts";
import { removeDir, tempDir } from "./temp-dir.ts";
import { until } from "./until.ts";

// A real nginx with edge/nginx.conf, and edge/compose/upstreams.conf with the servers of a test.

export type Upstreams = Readonly<Record<"chat" | "notification" | "gateways", readonly string[]>>;

export interface Nginx {
	readonly port: number;
	/** With TLS, if `tls` was given. */
	readonly tlsPort: number | null;
	/** What it has logged so far. */
	log(): Promise<string>;
	/** Takes other servers while it runs, and resolves when the worker that had the old ones is gone. */
	reload(upstreams: Upstreams): Promise<void>;
	stop(): Promise<void>;
}

export interface NginxOptions {
	/** Folder with tls.crt and tls.key: edge/tls/listen.conf instead of edge/plain/listen.conf. */
	tls?: string;
	/** Instead of edge/admin.conf. */
	admin?: string;
}

const edge = (path: string): Promise<string> => readFile(new URL(`../../edge/${path}`, import.meta.url), "utf8");

const withServers = (conf: string, [name, servers]: readonly [string, readonly string[]]): string => {
	const block = new RegExp(`(upstream ${name} \\{[^}]*?)((?:\\s*server [^;]+;)+)`);
	const found = block.exec(conf);
	if (!found) throw new Error(`edge/compose/upstreams.conf has no servers for ${name}`);
	const parameters = /server \S+([^;]*);/.exec(found[2] ?? "")?.[1] ?? "";
	const lines = servers.map((server) => `\n\t\tserver ${server}${parameters};`).join("");
	return conf.replace(block, (_all, head: string) => `${head}${lines}`);
};

const writeUpstreams = async (dir: string, upstreams: Upstreams): Promise<void> =>
	writeFile(join(dir, "upstreams.conf"), Object.entries(upstreams).reduce(withServers, await edge("compose/upstreams.conf")));

export const places = ["compose", "k8s"] as const;

/**
 * What `nginx -t` says of the files of edge/ as they are for a place. Names become addresses, because they mean something only there, and `resolve`
 * goes, for nginx before 1.27.3. Throws what is wrong.
 */
export const checkNginx = async (place: (typeof places)[number], tls?: string): Promise<string> => {
	const dir = await tempDir("nginx");
	try {
		const addresses = new Map<string, string>();
		const addressOf = (name: string): string => {
			const known = addresses.get(name) ?? `127.0.0.${addresses.size + 2}`;
			addresses.set(name, known);
			return known;
		};
		const upstreams = (await edge(`${place}/upstreams.conf`))
			.replaceAll(/(server )([^\s:;]+)(:\d+)/g, (_all, word: string, name: string, port: string) => word + addressOf(name) + port)
			.replaceAll(" resolve", "")
			.replace(/resolver \S+/, "resolver 127.0.0.1");
		await writeFile(join(dir, "upstreams.conf"), upstreams);
		await writeFile(join(dir, "listen.conf"), await listenFor(8080, 8443, tls));
		for (const name of ["nginx.conf", "admin.conf"]) await writeFile(join(dir, name), await edge(name));
		const { stderr } = await promisify(execFile)(findServer("nginx") ?? "nginx", [
			"-t",
			"-p",
			dir,
			"-c",
			join(dir, "nginx.conf"),
		]);
		return stderr;
	} finally {
		await removeDir(dir);
	}
};

const listenFor = async (port: number, tlsPort: number | null, tls: string | undefined): Promise<string> =>
	(await edge(tls ? "tls/listen.conf" : "plain/listen.conf"))
		.replace("listen 8080;", `listen 127.0.0.1:${port};`)
		.replace("listen 8443 ssl;", `listen 127.0.0.1:${tlsPort} ssl;`)
		.replaceAll("/run/tls/", `${tls}/`);

/** Started by root, its worker would be somebody who may not look into the folder of a test. */
const user = process.getuid?.() === 0 ? "user root;\n" : "";

/** One worker, so that a reload is done when it is, and soon; and a log that can be read. */
const mainFor = async (log: string): Promise<string> =>
	`daemon off;\n${user}${await edge("nginx.conf")}`
		.replace("worker_processes auto;", "worker_processes 1;")
		.replace("worker_shutdown_timeout 20s;", "worker_shutdown_timeout 1s;")
		.replace("error_log stderr warn;", `error_log ${log} notice;`);

export const startNginx = async (upstreams: Upstreams, { tls, admin }: NginxOptions = {}): Promise<Nginx> => {
	const command = findServer("nginx");
	if (!command) throw new Error("nginx is not on PATH");
	const dir = await tempDir("nginx");
	const port = await freePort();
	const tlsPort = tls ? await freePort() : null;
	const file = join(dir, "nginx.conf");
	const log = join(dir, "error.log");
	await writeUpstreams(dir, upstreams);
	await writeFile(join(dir, "listen.conf"), await listenFor(port, tlsPort, tls));
	await writeFile(join(dir, "admin.conf"), admin ?? (await edge("admin.conf")));
	await writeFile(file, await mainFor(log));
	const server = new ServerProcess({
		name: "nginx",
		command,
		args: ["-p", dir, "-c", file, "-e", log],
		port,
		ready: (at) => answers(at, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1"),
	});
	await server.start();
	const ended = async (): Promise<number> => (await readFile(log, "utf8")).split("exited with code 0").length - 1;
	return {
		port,
		tlsPort,
		log: () => readFile(log, "utf8"),
		async reload(next) {
			const before = await ended();
			await writeUpstreams(dir, next);
			process.kill(server.pid, "SIGHUP");
			await until("nginx's old worker to end", ended, (count) => count > before);
		},
		async stop() {
			await server.kill("SIGTERM");
			await removeDir(dir);
		},
	};
};

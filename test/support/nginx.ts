import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { answers, ServerProcess } from "./server-process.ts";
import { findServer } from "./servers.ts";
import { removeDir, tempDir } from "./temp-dir.ts";
import { until } from "./until.ts";

// A real nginx with docker/nginx.conf, whose servers are replaced by those of a test.

export type Upstreams = Readonly<Record<"chat" | "notification" | "gateways", readonly string[]>>;

export interface Nginx {
	readonly port: number;
	/** Takes other servers while it runs, and resolves when the worker that had the old ones is gone. */
	reload(upstreams: Upstreams): Promise<void>;
	stop(): Promise<void>;
}

const template = new URL("../../docker/nginx.conf", import.meta.url);

const withServers = (conf: string, [name, servers]: readonly [string, readonly string[]]): string => {
	const block = new RegExp(`(upstream ${name} \\{[^}]*?)((?:\\s*server [^;]+;)+)`);
	if (!block.test(conf)) throw new Error(`docker/nginx.conf has no servers for ${name}`);
	return conf.replace(block, (_all, head: string) => `${head}${servers.map((server) => `\n\t\tserver ${server};`).join("")}`);
};

const confFor = async (dir: string, port: number, upstreams: Upstreams): Promise<string> => {
	const conf = Object.entries(upstreams).reduce(withServers, await readFile(template, "utf8"));
	// One worker, so that a reload is done when it is; and all of its files in the folder of the test.
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${dir}/${kind};`);
	return `daemon off;\n${conf}`
		.replace("worker_processes auto;", "worker_processes 1;")
		.replace("error_log stderr warn;", `error_log ${dir}/error.log notice;`)
		.replace("pid nginx.pid;", `pid ${dir}/nginx.pid;`)
		.replace("listen 8080;", `listen 127.0.0.1:${port};`)
		.replace("http {", `http {\n\t${temporary.join(" ")}`);
};

export const startNginx = async (upstreams: Upstreams): Promise<Nginx> => {
	const command = findServer("nginx");
	if (!command) throw new Error("nginx is not on PATH");
	const dir = await tempDir("nginx");
	const port = await freePort();
	const file = join(dir, "nginx.conf");
	const log = join(dir, "error.log");
	await writeFile(file, await confFor(dir, port, upstreams));
	const server = new ServerProcess({
		name: "nginx",
		command,
		args: ["-p", dir, "-c", file, "-e", log],
		port,
		ready: (at) => answers(at, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1"),
	});
	await server.start();
	const ended = async (): Promise<number> => (await readFile(log, "utf8")).split("exited with code 0").length - 1;
	return {
		port,
		async reload(next) {
			const before = await ended();
			await writeFile(file, await confFor(dir, port, next));
			process.kill(server.pid, "SIGHUP");
			await until("nginx's old worker to end", ended, (count) => count > before);
		},
		async stop() {
			await server.kill("SIGTERM");
			await removeDir(dir);
		},
	};
};

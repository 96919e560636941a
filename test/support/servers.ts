import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePort } from "./free-port.ts";
import { answers, ServerProcess, type ServerSpec } from "./server-process.ts";
import { sharedHandle, shareServer } from "./shared-servers.ts";
import { noteSkipped } from "./skipped.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

// Real servers for the cluster suites, from PATH or given by URL.
//
//   before(async function () {
//       needs(this, "nats");            // skips the suite by name, or fails it when SOUK_TEST_REQUIRE=all
//       nats = await startNats();
//   });
//   after(() => nats?.stop());          // runs after a skip too

const binaries = { nats: "nats-server", redis: "redis-server", mongod: "mongod", nginx: "nginx", chromium: "chromium" } as const;
const urlVariables = { nats: "SOUK_TEST_NATS_URL", redis: "SOUK_TEST_REDIS_URL", mongod: "SOUK_TEST_MONGO_URL" } as const;

export type ServerName = keyof typeof binaries;
export type UrlServer = keyof typeof urlVariables;

export interface RunningServer {
	readonly url: string;
	readonly port: number;
	readonly pid: number;
	/** Data folder; empty for a server that was given by URL. */
	readonly dir: string;
	/** Sends the signal (default SIGKILL) and resolves when the process is gone. */
	kill(signal?: NodeJS.Signals): Promise<void>;
	/** Same port, same data; kills it first if it still runs. */
	restart(): Promise<void>;
	/** Ends it and removes its folder if this helper made that. */
	stop(): Promise<void>;
}

export interface StartOptions {
	/** Start one of our own, shared with no other suite, even if a URL is given: for suites that kill it. They ask `needsOwn`. */
	own?: boolean;
}

/** `npm run test:unit`: as if there were no servers. */
const leftOut = (): boolean => process.env.SOUK_TEST_SERVERS === "none";

const findCommand = (command: string): string | null => {
	for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"]) {
		const path = join(folder, command);
		if (folder && existsSync(path)) return path;
	}
	return null;
};

/** Full path of the server's binary, or null. */
export const findServer = (name: ServerName): string | null => (leftOut() ? null : findCommand(binaries[name]));

const givenUrl = (name: ServerName): string | undefined =>
	name in urlVariables && !leftOut() ? process.env[urlVariables[name as UrlServer]] || undefined : undefined;

const demand = (context: Mocha.Context, reasons: readonly string[]): void => {
	if (reasons.length === 0) return;
	const reason = leftOut() ? "servers are left out of this run" : reasons.join("; ");
	if (process.env.SOUK_TEST_REQUIRE === "all") throw new Error(`SOUK_TEST_REQUIRE=all, but ${reason}`);
	const suite = context.test?.parent?.fullTitle() ?? "suite";
	noteSkipped(suite, reason);
	context.skip();
};

/** Call in a `before` hook: skips the suite (saying why) when a server is neither on PATH nor given by URL; fails if SOUK_TEST_REQUIRE=all. */
export const needs = (context: Mocha.Context, ...names: readonly ServerName[]): void => {
	const missing = names.filter((name) => !findServer(name) && !givenUrl(name));
	demand(
		context,
		missing.map((name) => {
			const variable = name in urlVariables ? ` and ${urlVariables[name as UrlServer]} is not set` : "";
			return `${binaries[name]} is not on PATH${variable}`;
		}),
	);
};

/** Like `needs`, for suites that kill the server: a URL does not do. */
export const needsOwn = (context: Mocha.Context, ...names: readonly ServerName[]): void => {
	const missing = names.filter((name) => !findServer(name));
	demand(
		context,
		missing.map((name) => `${binaries[name]} is not on PATH`),
	);
};

/** Like `needs`, for a program that is no server. */
export const needsCommand = (context: Mocha.Context, command: string): void =>
	demand(context, findCommand(command) ? [] : [`${command} is not on PATH`]);

const external = (url: string): RunningServer => sharedHandle(url, Number(new URL(url.replace(/^[a-z+]+:/, "http:")).port));

/** Where a server's data go and what it is started with; used by the start functions of each server. */
export interface Launch {
	name: UrlServer;
	/** Kept by the caller; without it a folder is made, and removed by `stop`. */
	dir?: string | undefined;
	own?: boolean | undefined;
	args: (port: number, dir: string) => readonly string[];
	url: (port: number) => string;
	ready: ServerSpec["ready"];
}

/** Starts one server on a free port, or takes the one that the suites share, and resolves when it serves. */
export const launch = async (options: Launch): Promise<RunningServer> => {
	const given = givenUrl(options.name);
	if (given && !options.own) return external(given);
	if (!options.own && !options.dir) return shareServer(options.name, () => launchOwn(options));
	return launchOwn(options);
};

const launchOwn = async (options: Launch): Promise<RunningServer> => {
	const command = findServer(options.name);
	if (!command) throw new Error(`${binaries[options.name]} is not on PATH`);
	const dir = options.dir ?? (await tempDir(options.name));
	const port = await freePort();
	const server = new ServerProcess({ name: options.name, command, args: options.args(port, dir), port, ready: options.ready });
	await server.start();
	return {
		url: options.url(port),
		port,
		get pid() {
			return server.pid;
		},
		dir,
		kill: (signal) => server.kill(signal),
		restart: () => server.restart(),
		async stop() {
			await server.kill();
			if (!options.dir) await removeDir(dir);
		},
	};
};

/** NATS with JetStream in `jetstreamDir` (or a folder of its own). */
export const startNats = (options: StartOptions & { jetstreamDir?: string } = {}): Promise<RunningServer> =>
	launch({
		name: "nats",
		dir: options.jetstreamDir,
		own: options.own,
		args: (port, dir) => ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", dir],
		url: (port) => `nats://127.0.0.1:${port}`,
		ready: (port) => answers(port, "", "INFO"),
	});

/** Redis without persistence: what it holds may be forgotten. */
export const startRedis = (options: StartOptions = {}): Promise<RunningServer> =>
	launch({
		name: "redis",
		own: options.own,
		args: (port, dir) => ["--bind", "127.0.0.1", "--port", String(port), "--dir", dir, "--save", "", "--appendonly", "no"],
		url: (port) => `redis://127.0.0.1:${port}`,
		ready: (port) => answers(port, "PING\r\n", "+PONG"),
	});

export { startMongod } from "./mongod.ts";

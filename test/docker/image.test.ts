import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { validate } from "dockerfile-utils";
import manifest from "../../package.json" with { type: "json" };
import lock from "../../package-lock.json" with { type: "json" };
import { freePort } from "../support/free-port.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

// No engine can build the image where tests run: its last stage is made by hand, from the same lines.

const root = fileURLToPath(new URL("../../", import.meta.url));
const dockerfile = readFileSync(join(root, "docker/Dockerfile"), "utf8");
const lines = dockerfile
	.replaceAll("\\\n", " ")
	.split("\n")
	.filter((line) => line !== "" && !line.startsWith("#"));
const stages = lines.reduce<string[][]>((all, line) => {
	if (line.startsWith("FROM ")) all.push([]);
	all.at(-1)?.push(line);
	return all;
}, []);
const last = stages.at(-1) ?? [];
const copies = (stage: readonly string[]): { from: string[]; to: string; stage: string | undefined }[] =>
	stage.flatMap((line) => {
		const [, name, paths = ""] = /^COPY (?:--from=(\S+) )?(.*)$/.exec(line) ?? [];
		if (paths === "") return [];
		const from = paths.split(/\s+/);
		return [{ to: from.pop() ?? "", from, stage: name }];
	});

/** What `npm ci --omit=dev` installs, as links: what Souk imports is looked up here, and is not there if it is for development only. */
const linkPackages = (folder: string): void => {
	for (const [path, { dev = false }] of Object.entries(lock.packages as Record<string, { dev?: boolean }>)) {
		if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || dev || !existsSync(join(root, path))) continue;
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		symlinkSync(join(root, path), join(folder, path));
	}
};

const copyLastStage = (folder: string): void => {
	for (const { from, to, stage } of copies(last)) {
		if (to === "node_modules") continue;
		for (const path of from) {
			const source = join(root, stage === undefined ? path : path.replace(/^\/souk\//, ""));
			const target = to.endsWith("/") ? join(folder, to, path.split("/").at(-1) ?? "") : join(folder, to);
			cpSync(source, target, { recursive: true });
		}
	}
};

describe("the image", function () {
	this.timeout(60_000);

	it("is made by a Dockerfile that the builder takes without a warning", () => {
		assert.deepEqual(validate(dockerfile), []);
		assert.notDeepEqual(validate(dockerfile.replace("HEALTHCHECK --interval", "HEALTHCHECK --interva")), []);
	});

	it("takes only what is there, and what .dockerignore lets through", () => {
		const let_ = readFileSync(join(root, ".dockerignore"), "utf8").split("\n").filter((line) => line.startsWith("!")).map((line) => line.slice(1)); // biome-ignore format: one line
		for (const { from } of stages.flatMap(copies).filter(({ stage }) => stage === undefined)) {
			for (const path of from) {
				assert.ok(existsSync(join(root, path)), path);
				assert.ok(let_.some((allowed) => path === allowed || path.startsWith(`${allowed}/`)), `.dockerignore keeps ${path} out`); // biome-ignore format: one line
			}
		}
	});

	it("holds every file that those who are there import, also later", () => {
		const there = copies(last).flatMap(({ from }) => from);
		const holds = (path: string): boolean => there.some((one) => path === one || path.startsWith(`${one}/`));
		for (const folder of ["scripts", "services", "mixins", "middlewares", "realtime", "config"]) {
			for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
				const path = `${folder}/${name}`;
				if (!path.endsWith(".ts") || !holds(path)) continue;
				for (const [, to = ""] of readFileSync(join(root, path), "utf8").matchAll(/(?:from|import\() ?"(\.[^"]*\.[tj]s)"/g)) {
					const target = join(dirname(path), to);
					assert.ok(holds(target), `${path} imports ${target}`);
				}
			}
		}
	});

	it("runs as nobody in particular, from a pinned base with this project's Node, and is asked how it is", () => {
		assert.ok(last.includes("USER 10001:10001"));
		assert.ok(last.some((line) => line.startsWith("HEALTHCHECK ")));
		assert.ok(last.some((line) => line.startsWith("ENTRYPOINT [") && line.includes('"tini", "--", "node"')));
		const [, version] = /^ARG NODE_IMAGE=node:(\d+\.\d+\.\d+)-/.exec(lines[0] ?? "") ?? [];
		assert.equal(version, lock.packages["node_modules/node"].version);
		assert.match(manifest.scripts.start, /^node --max-semi-space-size=8 scripts\/start\.js$/);
	});

	it("starts with the packages of production alone, and serves API and web client", async () => {
		const folder = await tempDir("image");
		const port = await freePort();
		copyLastStage(folder);
		linkPackages(folder);
		assert.ok(!readdirSync(join(folder, "node_modules")).includes("mocha"));
		const env = {
			PATH: process.env.PATH,
			DATA_DIR: join(folder, "data"),
			PORT: String(port),
			HOST: "127.0.0.1",
			NODE_ENV: "production",
		};
		const child = spawn(process.execPath, ["--max-semi-space-size=8", "scripts/start.js"], { cwd: folder, env });
		const said: string[] = [];
		for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => said.push(chunk.toString()));
		const ended = once(child, "exit");
		const statusOf = (path: string): Promise<number> =>
			fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept: "text/html" } }).then(
				({ status }) => status,
				() => 0,
			);
		try {
			await until("it to be ready", async () => [await statusOf("/health/ready"), child.exitCode] as const, ([status, code]) => status === 200 || code !== null); // biome-ignore format: one line
			assert.equal(child.exitCode, null, said.join(""));
			for (const path of ["/", "/app/shop", "/docs", "/openapi.json", "/asyncapi.json", "/metrics"]) assert.equal(await statusOf(path), 200, path); // biome-ignore format: one line
			child.kill("SIGTERM");
			assert.deepEqual(await ended, [0, null]);
		} finally {
			child.kill("SIGKILL");
			await removeDir(folder);
		}
	});
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import manifest from "../../package.json" with { type: "json" };
import { nodeFlags } from "../../scripts/node/flags.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

describe("what Node is started with", () => {
	for (const name of ["start", "dev", "repl"] as const) {
		it(`is the same by npm run ${name} as for a node of a cluster`, () => {
			const script = manifest.scripts[name];
			assert.ok(script.startsWith(`node ${nodeFlags.join(" ")} `));
			assert.match(script, /scripts\/start\.js\b/);
		});
	}

	/** What a start that is refused says of the cache at its end. */
	const cacheOf = (env: Record<string, string>): string => {
		const say = `import m from "node:module"; process.on("exit", () => console.log("cache:", m.getCompileCacheDir()))`;
		const start = fileURLToPath(new URL("../../scripts/start.js", import.meta.url));
		const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", `data:text/javascript,${say}`, start], {
			cwd: tmpdir(),
			env: { PATH: process.env.PATH, PORT: "no port", ...env },
			encoding: "utf8",
		});
		assert.equal(status, 78, stderr);
		return stdout;
	};

	it("keeps what it compiled beside the modules, for the next start", () => {
		assert.match(cacheOf({}), /cache: .*node_modules[/\\]\.cache[/\\]souk/);
	});

	it("compiles all anew where coverage is counted", async () => {
		const dir = await tempDir("coverage");
		assert.match(cacheOf({ NODE_V8_COVERAGE: dir }), /cache: undefined/);
		await removeDir(dir);
	});
});

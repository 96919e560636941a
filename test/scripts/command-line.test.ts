import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const run = (script: string, ...args: string[]) => {
	const path = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
	const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: "utf8", timeout: 20_000 });
	return { status, stdout, stderr };
};

describe("what is typed behind npm run", () => {
	for (const script of ["start", "produce", "seed", "migrate", "backup", "restore", "cluster", "demo", "chaos"]) {
		it(`${script} tells what it can do when it is asked for help, and does nothing`, () => {
			const { status, stdout, stderr } = run(script, "--help");
			assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
			assert.match(stdout, new RegExp(`^npm (run ${script}|start)\\b`));
		});
	}

	for (const [args, reason] of [
		[["produce", "--rat", "5"], /^Unknown option '--rat'.*\n\nnpm run produce/],
		[["produce", "--count", "many"], /^--count takes a whole number from 0 to 10000000\n\nnpm run produce/],
		[["migrate", "upp"], /^What is to be done: up, down or status\?\n\nnpm run migrate/],
		[["migrate", "up", "order"], /^There is no service order\n\nnpm run migrate/],
		[["backup"], /^Where to\?\n\nnpm run backup/],
		[["restore"], /^Which backup\? One folder, please\n\nnpm run restore/],
		[["restore", "--check", "--replace", "monday"], /^--check touches nothing.*\n\nnpm run restore/],
		[["chaos", "--break", "nothing"], /^--break takes one of .*\n\nnpm run chaos/],
		[["start", "--repk"], /^Unknown option '--repk'.*\n\nnpm start/],
	] as const) {
		it(`${args.join(" ")} is refused with the reason and how it is meant`, () => {
			const [script, ...rest] = args;
			const { status, stdout, stderr } = run(script, ...rest);
			assert.deepEqual({ status, stdout }, { status: 64, stdout: "" });
			assert.match(stderr, reason);
		});
	}
});

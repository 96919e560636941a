import { spawn } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Counts, countLine } from "../test/support/counts.ts";
import known from "../test/times.json" with { type: "json" };
import { compileCache } from "./test/compile-cache.ts";
import { asTimes, lanesOf } from "./test/lanes.ts";
import { filesThatNeedServers } from "./test/needs-servers.ts";

// npm test                     typecheck, lint, every suite
// npm run test:unit            without any server: what needs one is skipped by name
// npm run test:cluster         the files that start servers
// npm test -- <mocha's args>   the checks, then mocha with these arguments (files, --grep, …)
// Whatever happens, the last line is "N passed, N failed, N skipped".

const root = fileURLToPath(new URL("../", import.meta.url));

const allFiles = (): string[] => globSync("test/**/*.test.ts", { cwd: root }).sort();

const suites: Readonly<Record<string, () => readonly string[]>> = {
	all: allFiles,
	unit: () => ["test/**/*.test.ts", "--ignore", "test/**/*.cluster.test.ts"],
	cluster: () => filesThatNeedServers(root),
};

interface Outcome {
	code: number;
	output: string;
}

/** @param show the child writes to our terminal; otherwise what it says is kept. */
const run = (command: string, args: readonly string[], show: boolean, env: NodeJS.ProcessEnv = process.env): Promise<Outcome> =>
	new Promise((resolve, reject) => {
		const child = spawn(join(root, "node_modules/.bin", command), args, {
			cwd: root,
			env,
			stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
		});
		let output = "";
		for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
		child.once("error", reject);
		child.once("close", (code) => resolve({ code: code ?? 1, output }));
	});

/** Answers how many of the two failed, and shows what those said. */
const runChecks = async (): Promise<number> => {
	const checks = [
		{ name: "typecheck", done: run("tsc", ["--noEmit"], false) },
		{ name: "typecheck of web/", done: run("tsc", ["--noEmit", "-p", "web"], false) },
		{ name: "lint", done: run("biome", ["check", "--no-errors-on-unmatched", "."], false) },
	];
	let failed = 0;
	for (const { name, done } of checks) {
		const { code, output } = await done;
		if (code !== 0) {
			failed++;
			console.log(output.trimEnd());
		}
		console.log(`${name} ${code === 0 ? "passed" : "FAILED"}`);
	}
	return failed;
};

/** What the reporter leaves: counts, and how long each file took. */
type Result = Counts & { seconds?: Record<string, number> };

const readCounts = (path: string): Result | null => {
	try {
		return JSON.parse(readFileSync(path, "utf8")) as Result;
	} catch {
		return null; // mocha ended before its reporter did: counted as a failure by the caller
	}
};

const runMocha = async (args: readonly string[], show = true): Promise<Result> => {
	const dir = mkdtempSync(join(tmpdir(), "souk-test-"));
	const result = join(dir, "counts.json");
	const forbid = process.env.SOUK_TEST_REQUIRE === "all" ? ["--forbid-only"] : [];
	const { code, output } = await run("mocha", [...forbid, ...args], show, {
		...compileCache(),
		...process.env,
		SOUK_TEST_RESULT: result,
	});
	const counts = readCounts(result) ?? { passed: 0, failed: 0, skipped: 0 };
	rmSync(dir, { recursive: true });
	console.log(output.trimEnd());
	if (code !== 0 && counts.failed === 0) {
		console.log(`mocha ended with code ${code} although no test failed`);
		counts.failed = 1;
	}
	return counts;
};

/** It has 2,000 sockets back within seconds, which says something only where nothing else runs. */
const alone = new Set(["test/faults/sockets-stop.cluster.test.ts"]);

/** Of two cores, one lane too many: suites wait as much as they compute. With two too many, those that hold something to a time fail. */
const laneCount = 3;

/** Side by side: one suite waits for its servers while another computes. The first is shown as it goes, the others when they are done. */
const runLanes = async (files: readonly string[], args: readonly string[]): Promise<Counts> => {
	const together = files.filter((file) => !alone.has(file));
	const lanes = lanesOf(together, availableParallelism() > 1 ? laneCount : 1, known);
	const done = await Promise.all(lanes.map((lane, index) => runMocha([...lane, ...args], index === 0)));
	done.push(await runMocha([...files.filter((file) => alone.has(file)), ...args]));
	const { SOUK_TEST_TIMES: times } = process.env;
	if (times) writeFileSync(times, asTimes(Object.assign({}, ...done.map(({ seconds }) => seconds))));
	const sum = (name: keyof Counts): number => done.reduce((total, counts) => total + counts[name], 0);
	return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
};

const [first = "all", ...rest] = process.argv.slice(2);
const named = suites[first];
const failedChecks = first === "unit" || first === "cluster" ? 0 : await runChecks();
// test/support/servers.ts finds none then; and nobody can demand that nothing is skipped.
if (first === "unit") Object.assign(process.env, { SOUK_TEST_SERVERS: "none", SOUK_TEST_REQUIRE: "" });
const counts =
	first === "all" ? await runLanes(allFiles(), rest) : await runMocha(named ? [...named(), ...rest] : [first, ...rest]);
counts.failed += failedChecks;
if (failedChecks > 0) console.log(`${failedChecks} of typecheck and lint failed: see above the tests`);
console.log(countLine(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { SoukProcess } from "./souk-process.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

describe("the end of a test run", () => {
	const run = async (env: Record<string, string>): Promise<{ code: number | null; output: string; last: string }> => {
		const args = ["--no-config", "--reporter", at("reporter.ts"), "--require", at("hooks.ts")];
		// No server can be on this PATH.
		const mocha = new SoukProcess({ PATH: "/nowhere", ...env }, "node_modules/mocha/bin/mocha.js", [
			...args,
			at("fixtures/outcomes.ts"),
		]);
		mocha.spawn();
		const { code } = await mocha.exited();
		return { code, output: mocha.logs, last: mocha.logs.trimEnd().split("\n").at(-1) ?? "" };
	};

	it("is a line of counts", async () => {
		const { code, last } = await run({});
		assert.deepEqual([code, last], [0, "2 passed, 0 failed, 0 skipped"]);
	});

	it("counts what failed, and the exit code says so", async () => {
		const { code, last } = await run({ SOUK_TEST_FAIL: "1" });
		assert.deepEqual([code, last], [1, "2 passed, 1 failed, 0 skipped"]);
	});

	it("names each skipped suite with its reason", async () => {
		const { code, output, last } = await run({ SOUK_TEST_SKIP: "1" });
		assert.deepEqual([code, last], [0, "1 passed, 0 failed, 1 skipped"]);
		assert.match(output, /- needs a server: nats-server is not on PATH \(1 test\)/);
	});

	it("is a failure when a suite is skipped although nothing may be", async () => {
		const { code, output } = await run({ SOUK_TEST_SKIP: "1", SOUK_TEST_REQUIRE: "all" });
		assert.notEqual(code, 0);
		assert.match(output, /SOUK_TEST_REQUIRE=all, but nats-server is not on PATH/);
	});

	it("is a failure when something still holds the process", async () => {
		const { code, output } = await run({ SOUK_TEST_LEAK: "1" });
		assert.equal(code, 1);
		assert.match(output, /still held by .*Timeout/);
	});
});

import assert from "node:assert/strict";
import manifest from "../../package.json" with { type: "json" };
import { nodeFlags } from "../../scripts/node/flags.ts";

describe("what Node is started with", () => {
	for (const name of ["start", "dev", "repl"] as const) {
		it(`is the same by npm run ${name} as for a node of a cluster`, () => {
			assert.ok(manifest.scripts[name].startsWith(`node ${nodeFlags.join(" ")} `));
		});
	}
});

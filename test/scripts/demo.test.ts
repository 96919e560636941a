import assert from "node:assert/strict";
import { runScript } from "../support/run-script.ts";

describe("npm run demo", () => {
	it("tells of a paid, a declined and a cancelled order, of a talk, and of a forgotten password, and exits with 0", async () => {
		const { code, output } = await runScript("demo.ts");
		assert.equal(code, 0, output);
		for (const step of [
			/is paid/,
			/was declined \(insufficient_funds\)/,
			/cancelled O\d{8}/,
			/went back/,
			/got the 3 messages in between/,
			/set another by the link of a mail, which worked once/,
		])
			assert.match(output, step);
	});
});

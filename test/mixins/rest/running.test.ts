import assert from "node:assert/strict";
import { Running } from "../../../mixins/rest/running.ts";

describe("requests that run", () => {
	it("are idle when the last of them ended, and at once when there is none", async () => {
		const running = new Running();
		const order: string[] = [];
		await running.idle();
		running.begin();
		running.begin();
		const idle = Promise.all([running.idle(), running.idle()]).then(() => order.push("idle"));
		running.end();
		await Promise.resolve();
		order.push("one ended");
		running.end();
		await idle;
		assert.deepEqual(order, ["one ended", "idle"]);
	});
});

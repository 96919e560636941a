import { type Souk, startSouk } from "../support/souk.ts";
import { chatFlow } from "./chat.suite.ts";
import { orderFlow } from "./order-flow.suite.ts";

describe("Souk over HTTP, everything in one process", () => {
	let souk: Souk;
	before(async () => {
		souk = await startSouk({});
	});
	after(() => souk?.stop());

	describe("orders", () => orderFlow(() => souk.api));
	describe("conversations", () => chatFlow(() => souk.api));
});

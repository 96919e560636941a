import { type Souk, startSouk } from "../support/souk.ts";
import { orderFlow } from "./order-flow.suite.ts";

describe("Orders over HTTP, everything in one process", () => {
	let souk: Souk;
	before(async () => {
		souk = await startSouk({});
	});
	after(() => souk?.stop());

	orderFlow(() => souk.api);
});

import { type Souk, startSouk } from "../support/souk.ts";
import { orderCache } from "./order-cache.suite.ts";

describe("Cached orders over HTTP, embedded", function () {
	this.timeout(30_000);
	let souk: Souk;
	before(async () => {
		souk = await startSouk();
	});
	after(() => souk?.stop());

	orderCache(() => souk.api);
});

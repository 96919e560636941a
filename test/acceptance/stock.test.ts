import { type Souk, startSouk } from "../support/souk.ts";
import { lastPieces } from "./stock.suite.ts";

describe("The last pieces of a product, everything in one process", function () {
	this.timeout(60_000);
	let souk: Souk;
	before(async () => {
		souk = await startSouk({});
	});
	after(() => souk?.stop());

	lastPieces(() => souk.api);
});

import { type Souk, startSouk } from "../support/souk.ts";
import { unpaidEnv, unpaidOrders } from "./unpaid.suite.ts";

describe("Orders that nobody pays for, everything in one process", function () {
	this.timeout(30_000);
	let souk: Souk;
	before(async () => {
		souk = await startSouk({ env: unpaidEnv });
	});
	after(() => souk?.stop());

	unpaidOrders(() => souk.api);
});

import { type Souk, startSouk } from "../support/souk.ts";
import { intake } from "./intake.suite.ts";

describe("Order documents of other systems, everything in one process", () => {
	let souk: Souk;
	before(async () => {
		souk = await startSouk({});
	});
	after(() => souk?.stop());

	intake(() => souk.api);
});

import { type Souk, startSouk } from "../support/souk.ts";
import { olderChat } from "./older-chat.suite.ts";
import { olderCustomers } from "./older-customers.suite.ts";
import { olderNotifications } from "./older-notifications.suite.ts";
import { olderShop } from "./older-shop.suite.ts";

describe("Older clients, everything in one process", () => {
	let souk: Souk;
	before(async () => {
		souk = await startSouk({});
	});
	after(() => souk?.stop());

	olderShop(() => souk.api);
	olderCustomers(() => souk.api);
	olderChat(() => souk.api);
	olderNotifications(() => souk.api);
});

import { needs } from "../support/servers.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { assertAccessible } from "../support/web-visit.ts";
import { webChat } from "./chat.suite.ts";

describe("Chat in the browser, in one process", function () {
	this.timeout(60_000);
	let souk: Souk;
	before(async function () {
		needs(this, "chromium");
		souk = await startSouk({ env: { ACCESS_TOKEN_TTL: "8s" } });
	});
	after(() => souk?.stop());

	webChat(() => souk, { assertAccessible });
});

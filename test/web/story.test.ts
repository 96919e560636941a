import { needs } from "../support/servers.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { assertAccessible } from "../support/web-visit.ts";
import { webStory } from "./story.suite.ts";

describe("The web client, in one process", function () {
	this.timeout(60_000);
	let souk: Souk;
	before(async function () {
		needs(this, "chromium");
		// So short that tokens end, and are replaced, while pages are open.
		souk = await startSouk({ env: { ACCESS_TOKEN_TTL: "12s" } });
	});
	after(() => souk?.stop());

	webStory(() => souk, assertAccessible);
});

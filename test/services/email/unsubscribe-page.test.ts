import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { unsubscribeRoutes } from "../../../contracts/http/unsubscribe.ts";
import { donePage, pageStyle, questionPage } from "../../../services/email/unsubscribe-page.ts";

describe("The pages of an unsubscribe link", () => {
	it("have the one style that their policy lets in, and no script", () => {
		const hash = createHash("sha256").update(pageStyle).digest("base64");
		for (const { page } of unsubscribeRoutes) assert.ok(page?.includes(`style-src 'sha256-${hash}'`), hash);
		for (const html of [questionPage("chat messages", "a.b.c"), donePage("chat messages")]) {
			assert.ok(html.includes(`<style>${pageStyle}</style>`));
			assert.doesNotMatch(html, /<script|style=|onclick|src=/i);
		}
	});

	it("post the token that they were opened with, wherever they are mounted", () => {
		assert.match(questionPage("chat messages", "a.b_c-d"), /<form method="post" action="\?token=a\.b_c-d">/);
		assert.doesNotMatch(questionPage("chat messages", '"><script>'), /<script/);
	});
});

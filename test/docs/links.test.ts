import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { brokenLinks, root } from "../support/markdown.ts";

describe("the pages of this repository", () => {
	for (const page of globSync(["*.md", "docs/**/*.md", "client/*.md"], { cwd: root }).sort()) {
		it(`${page} links to what is there`, () => assert.deepEqual(brokenLinks(page), []));
	}
});

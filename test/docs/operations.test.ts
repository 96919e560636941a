import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { variables } from "../../config/variables.ts";
import { routes } from "../../contracts/http/index.ts";
import { metricTable } from "../../contracts/metrics.ts";
import manifest from "../../package.json" with { type: "json" };
import { commands } from "../../scripts/repl/souk.ts";
import { anchorsOf, pageText, root } from "../support/markdown.ts";

const page = pageText("docs/operations.md");
const found = (pattern: RegExp): string[] => [...new Set([...page.matchAll(pattern)].map(([, what = ""]) => what))];
const section = (title: string): string => page.slice(page.indexOf(`\n## ${title}\n`)).split(/\n## /)[1] ?? "";

interface Rules {
	groups: { rules: { alert: string; annotations: { runbook_url: string } }[] }[];
}

describe("the guide for those who run Souk", () => {
	it("names scripts that there are", () => {
		const missing = found(/npm run ([a-z:]+)/g).filter((name) => !(name in manifest.scripts));
		assert.deepEqual(missing, []);
	});

	it("names commands of the prompt that there are, with the words that they take", () => {
		const named = found(/`souk ([a-z-]+(?: <[a-z]+>)?)(?: [^`]*)?`/g).filter((one) => one !== "help");
		const known = new Set(commands.map(({ name, words }) => [name, ...words.map((word) => `<${word}>`)].join(" ")));
		assert.deepEqual(
			named.filter((one) => !known.has(one) && !commands.some(({ name }) => name === one)),
			[],
		);
		assert.ok(named.length > 10);
	});

	it("names settings that there are, and leaves out none of its topics", () => {
		const settings = section("Settings");
		const named = [...settings.matchAll(/`([A-Z][A-Z0-9_]{3,})`/g)].map(([, name = ""]) => name);
		assert.deepEqual(named.filter((name) => !(name in variables)), []); // biome-ignore format: one line
		const elsewhere = found(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`/g).filter((name) => !(name in variables) && !name.startsWith("SOUK_"));
		assert.deepEqual(elsewhere, []);
		const left = ["NAMESPACE", "MOLECULER_METRICS", "TRUST_TRACEPARENT"];
		const missing = Object.keys(variables).filter(
			(name) => !named.includes(name) && !left.includes(name) && !/^(RETAIN|ORDER_CACHE|OTEL)_/.test(name),
		);
		assert.deepEqual(missing, []);
	});

	it("names paths that are served", () => {
		const served = new Set(routes.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, "<>")}`));
		const named = found(/`((?:GET|POST|PUT|PATCH|DELETE) \/v1\/[^`]+)`/g).map((one) => one.replace(/<[a-z]+>/g, "<>"));
		assert.deepEqual(named.filter((one) => !served.has(one)), []); // biome-ignore format: one line
		assert.ok(named.length > 10);
	});

	it("names files that are there", () => {
		const named = found(/`((?:test|k8s|docker|edge|scripts)\/[^`*]*)`/g);
		assert.deepEqual(named.filter((path) => !existsSync(join(root, path))), []); // biome-ignore format: one line
	});

	it("names metrics that there are", () => {
		const named = found(/`((?:cdc|events|outbox|stream|sockets|mails|orders|http)_[a-z_]+)`/g).filter((name) => name.endsWith("_total") || name.endsWith("_seconds")); // biome-ignore format: one line
		assert.deepEqual(named.filter((name) => !(name in metricTable)), []); // biome-ignore format: one line
	});

	it("says of each alert what it means and what to do, and of no other", () => {
		const rules = (parse(pageText("docker/prometheus/alerts.yaml")) as Rules).groups.flatMap((group) => group.rules);
		const told = [...section("Alerts").matchAll(/^### (\S+)$/gm)].map(([, name = ""]) => name);
		assert.deepEqual(told.toSorted(), rules.map(({ alert }) => alert).sort()); // biome-ignore format: one line
		const anchors = anchorsOf(page);
		for (const { alert, annotations } of rules) {
			const [file, anchor = ""] = annotations.runbook_url.split("#");
			assert.deepEqual([file, anchor, anchors.has(anchor)], ["docs/operations.md", alert.toLowerCase(), true]);
		}
	});
});

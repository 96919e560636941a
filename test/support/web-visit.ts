import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import type { Browsers, Visit, Visitor } from "./browser.ts";

export const password = "correct horse battery staple";

export interface Account {
	email: string;
	name: string;
	role?: "buyer" | "seller";
}

/** Makes an account by the page for that, which logs in as well. */
export const register = async ({ page }: Visitor, { email, name, role = "buyer" }: Account): Promise<void> => {
	await page.goto("/app/register");
	await page.getByLabel("Name").fill(name);
	await page.getByLabel("E-mail").fill(email);
	await page.getByLabel("Password").fill(password);
	await page.getByLabel(role === "buyer" ? "Buy" : "Sell").check();
	await page.getByRole("button", { name: "Make the account" }).click();
	await page.getByRole("heading", { name: "Shop" }).waitFor();
};

export const logIn = async ({ page }: Visitor, email: string, word: string = password): Promise<void> => {
	await page.getByLabel("E-mail").fill(email);
	await page.getByLabel("Password").fill(word);
	await page.getByRole("button", { name: "Log in" }).click();
	await page.getByRole("button", { name: /^Account of/ }).waitFor();
};

/** A window in which that account is logged in, at `path`. */
export const visitAs = async (
	browsers: Browsers,
	url: string,
	email: string,
	path: string,
	visit: Visit = {},
	word?: string,
): Promise<Visitor> => {
	const visitor = await browsers.visit(url, visit);
	await visitor.page.goto(path);
	await logIn(visitor, email, word);
	return visitor;
};

/** Goes there by the client's own way, without loading the document again. */
export const go = async (page: Page, name: string): Promise<void> => {
	await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).filter({ visible: true }).click();
};

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
	id: string;
	impact: string;
	help: string;
	nodes: { target: string[] }[];
}

/** Fails with what axe-core takes for serious or worse in the page as it is now (WCAG 2.2 A and AA). */
export const assertAccessible = async (page: Page, where: string): Promise<void> => {
	await page.evaluate(axe);
	const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
	const run = `axe.run(document, { runOnly: ${JSON.stringify(tags)}, resultTypes: ["violations"] }).then(({ violations }) => violations)`;
	const found = ((await page.evaluate(run)) as Violation[]).filter(({ impact }) => impact === "serious" || impact === "critical");
	const words = found.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ target }) => target.join(" ")).join(", ")})`);
	assert.deepEqual(words, [], where);
};

export const assertUntroubled = (...visitors: readonly Visitor[]): void => {
	for (const { troubles } of visitors) assert.deepEqual(troubles, []);
};

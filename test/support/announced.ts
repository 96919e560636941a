import assert from "node:assert/strict";
import { Compile } from "typebox/compile";
import type { HttpAnswer } from "./http.ts";

// Holds answers against an OpenAPI document.

// biome-ignore lint/suspicious/noExplicitAny: a document of any shape is walked
export type Json = any;

/** What a `#/…` reference points at, or undefined. */
export const at = (root: Json, ref: string): Json =>
	ref
		.slice(2)
		.split("/")
		.reduce((part, name) => part?.[name], root);

/** The schema with every reference replaced by what it refers to, for a validator that knows no document. */
const resolved = (root: Json, value: Json): Json => {
	if (Array.isArray(value)) return value.map((part) => resolved(root, part));
	if (value === null || typeof value !== "object") return value;
	if (typeof value.$ref === "string") return resolved(root, at(root, value.$ref));
	return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, resolved(root, part)]));
};

/** Not on every answer: what depends on settings, on the request, or on the moment. */
const sometimes = new Set(["RateLimit", "RateLimit-Policy", "Idempotency-Replayed", "X-Cache", "Retry-After"]);

const patternOf = (template: string): RegExp => new RegExp(`^${template.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`);

/** The path of the document that a URL belongs to; one without parameters wins. */
const templateFor = (root: Json, path: string): string => {
	const fitting = Object.keys(root.paths).filter((template) => patternOf(template).test(path));
	return fitting.sort((a, b) => a.split("{").length - b.split("{").length)[0] ?? assert.fail(`no path for ${path}`);
};

/** Fails unless the document announces an answer of this status, type, body and headers for the request. */
export const assertAnnounced = (root: Json, method: string, url: string, answer: HttpAnswer): void => {
	const path = templateFor(root, url.split("?")[0] ?? url);
	const announced = root.paths[path][method.toLowerCase()]?.responses[answer.status];
	assert.ok(announced, `${method} ${path} does not announce ${answer.status}: ${answer.text}`);
	for (const name of Object.keys(announced.headers ?? {})) {
		assert.ok(sometimes.has(name) || answer.headers.has(name), `${method} ${path} ${answer.status} has no ${name}`);
	}
	const contents = Object.entries(announced.content ?? {});
	const type = answer.headers.get("content-type");
	const [, content] = contents.find(([name]) => name === type) ?? [null, null];
	if (contents.length === 0) assert.deepEqual([type, answer.text], [null, ""]);
	else {
		assert.ok(content, `${method} ${path} ${answer.status} does not announce ${type}`);
		const check = Compile(resolved(root, (content as Json).schema));
		const wrong = JSON.stringify(check.Errors(answer.body));
		assert.ok(check.Check(answer.body), `${method} ${path} ${answer.status}: ${wrong} in ${answer.text}`);
	}
};

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { readEnvironment } from "../../config/environment.ts";
import { groupNames, groupVariables, serviceNames, variables } from "../../config/variables.ts";

const root = new URL("../../", import.meta.url);
const example = parseEnv(readFileSync(new URL(".env.example", root), "utf8"));

describe(".env.example", () => {
	it("has every variable that the parser reads, with its default, and no other", () => {
		const table = Object.entries(variables).map(([name, { standard }]) => [name, standard]);
		const groups = groupNames.flatMap((group) =>
			Object.entries(groupVariables).map(([name, { standard }]) => [`${group.toUpperCase()}_${name}`, standard]),
		);
		assert.deepEqual(example, Object.fromEntries([...table, ...groups]));
	});

	it("changes nothing when it is copied as it is", () => {
		const groups = Object.fromEntries(groupNames.map((group) => [group, { tries: 8, backoffMs: 200, dedupeMs: 1_209_600_000 }]));
		assert.deepEqual(readEnvironment(example), { ...readEnvironment({}), groups });
	});
});

describe("the names of services", () => {
	it("are those of the folders under services/", () => {
		const folders = readdirSync(new URL("services/", root), { withFileTypes: true }).filter((entry) => entry.isDirectory());
		assert.deepEqual(folders.map((folder) => folder.name).sort(), [...serviceNames].sort());
	});
});

import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const importPattern = /(?:from|import)\s+"(\.{1,2}\/[^"]+\.ts)"/g;
const servers = normalize("test/support/servers.ts");

const importsOf = (root: string, file: string): string[] =>
	[...readFileSync(join(root, file), "utf8").matchAll(importPattern)].map(([, path = ""]) =>
		normalize(join(dirname(file), path)),
	);

/**
 * Test files that start a real server, in part or in whole: those that import test/support/servers.ts, themselves or through a helper
 * under test/. Read off the code, because a suite over both stores or both buses belongs to both kinds.
 */
export const filesThatNeedServers = (root: string): string[] => {
	const reaches = new Map<string, boolean>();
	const reachesServers = (file: string): boolean => {
		const known = reaches.get(file);
		if (known !== undefined) return known;
		reaches.set(file, false); // for circles
		const found = importsOf(root, file).some((path) => path === servers || (path.startsWith("test/") && reachesServers(path)));
		reaches.set(file, found);
		return found;
	};
	return globSync("test/**/*.test.ts", { cwd: root }).filter(reachesServers).sort();
};

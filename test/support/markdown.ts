import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A page of ours, by its path from the root. */
export const pageText = (path: string): string => readFileSync(join(root, path), "utf8");

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, "");

/** As GitHub makes them: lower case, without punctuation, blanks to hyphens, and a number for those that are there already. */
export const anchorsOf = (text: string): Set<string> => {
	const found = new Set<string>();
	for (const [, title = ""] of withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)) {
		const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
		const anchor = plain.trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"); // biome-ignore format: one line
		for (let n = 0; ; n++) {
			const numbered = n === 0 ? anchor : `${anchor}-${n}`;
			if (found.has(numbered)) continue;
			found.add(numbered);
			break;
		}
	}
	return found;
};

/** Links of a page that lead nowhere; those to other hosts are not followed. */
export const brokenLinks = (path: string): string[] => {
	const text = pageText(path);
	const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
	return targets.filter((target) => {
		if (/^[a-z]+:/.test(target)) return false;
		const [file = "", anchor] = target.split("#");
		const full = file === "" ? join(root, path) : join(root, dirname(path), file);
		if (!existsSync(full)) return true;
		return anchor !== undefined && !anchorsOf(readFileSync(full, "utf8")).has(anchor);
	});
};

import type { Entry } from "../../realtime/entry.ts";
import { sizeOf } from "../../realtime/recent.ts";

/** Of one answer, as JSON: two hundred of the longest texts would be 13 MB. */
const mostBytes = 256 * 1024;

/** The newest of them that one answer can hold, at least one: pages go back from their end. */
export const historyPage = (entries: readonly Entry[]): readonly Entry[] => {
	let bytes = 0;
	const cut = entries.findLastIndex(({ body }, index) => {
		bytes += sizeOf(body);
		return bytes > mostBytes && index < entries.length - 1;
	});
	return entries.slice(cut + 1);
};

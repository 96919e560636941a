import type { PageOf } from "../../../mixins/paging/page.ts";
import type { Given, Row, Shown } from "../command.ts";
import { Mistyped } from "../refused.ts";

// What commands do with what they were given.

/** There is one: how many a command needs was looked at before. */
export const word = ({ words }: Given, index: number): string => words[index] ?? "";

export const pageParams = ({ values: { limit = "20", cursor } }: Given): { limit: number; cursor?: string } => {
	if (!/^([1-9]\d?|100)$/.test(String(limit))) throw new Mistyped("--limit is a number from 1 to 100");
	return { limit: Number(limit), ...(cursor !== undefined && { cursor: String(cursor) }) };
};

export const listed = <T>(page: PageOf<T>, row: (item: T) => Row): Shown => ({
	data: page,
	rows: page.items.map(row),
	...(page.nextCursor !== null && { note: `More: --cursor ${page.nextCursor}` }),
});

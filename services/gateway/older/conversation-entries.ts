import type { SeenEntry } from "./chat-words.ts";
import type { Call } from "./passing-on.ts";

// Clients of the first chat know no pages: they get what there is in one answer, which has to end somewhere.

const most = 1_000;
/** Of text, in UTF-16 code units: what one answer may weigh. */
const mostText = 1_048_576;
/** A page is one message on the bus, which has a bound of 1 MiB: a text may have 64 KB. */
const aPage = 15;

interface PageParams {
	streamId: string;
	limit: number;
	after?: number;
	before?: number;
}

const pageOf = async (ctx: Call<unknown>, params: PageParams): Promise<SeenEntry[]> =>
	(await ctx.call<{ items: SeenEntry[] }, PageParams>("chat.messages", params)).items;

const weightOf = (entries: readonly SeenEntry[]): number =>
	entries.reduce((sum, { body }) => sum + ((body as { text?: string } | null)?.text?.length ?? 0), 0);

const isFull = (entries: readonly SeenEntry[]): boolean => entries.length >= most || weightOf(entries) >= mostText;

/** Those after `after`, from the oldest on. */
export const entriesAfter = async (ctx: Call<unknown>, streamId: string, after: number): Promise<SeenEntry[]> => {
	const found: SeenEntry[] = [];
	for (let at = after; !isFull(found); ) {
		const page = await pageOf(ctx, { streamId, after: at, limit: aPage });
		found.push(...page);
		if (page.length < aPage) break;
		at = page.at(-1)?.seq ?? at;
	}
	return found.slice(0, most);
};

/** The newest, in order. */
export const newestEntries = async (ctx: Call<unknown>, streamId: string): Promise<SeenEntry[]> => {
	let found = await pageOf(ctx, { streamId, limit: aPage });
	for (let first = found[0]; first && first.seq > 1 && !isFull(found); first = found[0]) {
		const page = await pageOf(ctx, { streamId, before: first.seq, limit: aPage });
		if (page.length === 0) break;
		found = [...page, ...found];
	}
	return found.slice(-most);
};

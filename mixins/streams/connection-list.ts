import Type from "typebox";
import type { ConnectionView } from "../../contracts/http/admin.ts";
import { decodeCursor } from "../paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../paging/page.ts";
import type { Collection, Where } from "../store/port.ts";
import type { ConnectionRow } from "./connection-row.ts";

// The list of connections, the newest first. Each service with sockets has rows of its own, whose ids sort by time across all of them.

export interface ConnectionsParams {
	user?: string;
	node?: string;
	live?: boolean;
	limit?: number;
	cursor?: string;
}

const Position = Type.Object({ connection: Type.String() });

const view = ({ _id, live, ...facts }: ConnectionRow): ConnectionView => ({ id: _id, ...facts, live: live !== undefined });

const filterOf = ({ user, node, live, cursor }: ConnectionsParams): Where => ({
	...(user !== undefined && { userId: user }),
	...(node !== undefined && { node }),
	...(live !== undefined && { [live ? "live" : "endedAt"]: { $exists: true } }),
	...(cursor !== undefined && { _id: { $lt: decodeCursor(cursor, Position).connection } }),
});

/** A page of one service. */
export const listConnections = async (
	rows: Collection<ConnectionRow>,
	params: ConnectionsParams,
): Promise<PageOf<ConnectionView>> => {
	const { limit = defaultLimit } = params;
	const found = await rows.find({ where: filterOf(params), sort: [["_id", -1]], limit: limit + 1 });
	return toPage(found, limit, view, ({ _id }) => ({ connection: _id }));
};

/** One page of several, each asked with the same parameters. What a page left out comes after its last, so it is not shown yet. */
export const mergeConnections = (pages: readonly PageOf<ConnectionView>[], limit = defaultLimit): PageOf<ConnectionView> => {
	const complete = pages.filter(({ nextCursor }) => nextCursor !== null).map(({ items }) => items.at(-1)?.id ?? "");
	const least = complete.reduce((most, id) => (id > most ? id : most), "");
	const all = pages.flatMap(({ items }) => items).sort((a, b) => (a.id < b.id ? 1 : -1));
	// The extra one, which only tells that there is more, may be of a page that was cut.
	const known = all.filter(({ id }) => id >= least);
	const page = toPage(known, limit, (item) => item, ({ id }) => ({ connection: id })); // biome-ignore format: one line
	const last = page.items.at(-1);
	if (page.nextCursor !== null || complete.length === 0 || !last) return page;
	return { ...page, nextCursor: toPage([last, last], 1, (item) => item, ({ id }) => ({ connection: id })).nextCursor }; // biome-ignore format: one line
};

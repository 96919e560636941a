import { encodeCursor } from "./cursor.ts";

/** `?limit=` of every list: 1..100, 20 if it is not given. */
export const defaultLimit = 20;

export interface PageOf<T> {
	items: T[];
	nextCursor: string | null;
}

/** Of one answer, as JSON. NATS carries 1 MiB in one message, envelope and all, and what is longer never arrives. */
export const mostBytes = 768 * 1024;

/** The first of them that fit into one answer together, at least one. */
export const fitting = <T>(items: readonly T[]): T[] => {
	let bytes = 0;
	const over = items.findIndex((item, index) => {
		bytes += Buffer.byteLength(JSON.stringify(item));
		return bytes > mostBytes && index > 0;
	});
	return items.slice(0, over < 0 ? items.length : over);
};

/**
 * Makes a page of rows of which one more than `limit` was asked for: the extra one only tells that there is a next page, so
 * that the last page says `null` and nobody fetches an empty one. A page ends before `limit` where one answer cannot hold more.
 */
export const toPage = <R, T>(rows: readonly R[], limit: number, view: (row: R) => T, position: (row: R) => object): PageOf<T> => {
	const items = fitting(rows.slice(0, limit).map(view));
	const last = rows[items.length - 1];
	return {
		items,
		nextCursor: last !== undefined && rows.length > items.length ? encodeCursor(position(last)) : null,
	};
};

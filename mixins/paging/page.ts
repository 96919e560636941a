import { encodeCursor } from "./cursor.ts";

/** `?limit=` of every list: 1..100, 20 if it is not given. */
export const defaultLimit = 20;

export interface PageOf<T> {
	items: T[];
	nextCursor: string | null;
}

/**
 * Makes a page of rows of which one more than `limit` was asked for: the extra one only tells that there is a next page, so
 * that the last page says `null` and nobody fetches an empty one.
 */
export const toPage = <R, T>(rows: readonly R[], limit: number, view: (row: R) => T, position: (row: R) => object): PageOf<T> => {
	const shown = rows.slice(0, limit);
	const last = shown.at(-1);
	return {
		items: shown.map(view),
		nextCursor: last !== undefined && rows.length > limit ? encodeCursor(position(last)) : null,
	};
};

import Type from "typebox";
import { DomainError } from "../../contracts/errors.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import type { Query, Where } from "../../mixins/store/port.ts";
import { emailKeyOf, nameKeyOf, type User } from "./user.ts";

// The orders that users are listed in: each by one field that is unique, so that a page goes on exactly behind its last item.

type Key = "searchKey" | "listKey" | "emailKey";

export interface ListOrder {
	key: Key;
	direction: 1 | -1;
	/** Only those whose key begins with it. */
	prefix: string;
	position: (user: User) => { by: Key; after: string };
}

const ordered = (key: Key, direction: 1 | -1, prefix: string): ListOrder => ({
	key,
	direction,
	prefix,
	position: (user) => ({ by: key, after: user[key] ?? "" }),
});

export const byName = (q: string): ListOrder => ordered("searchKey", 1, nameKeyOf(q));
export const byEmail = (q: string): ListOrder => ordered("emailKey", 1, emailKeyOf(q.trim()));
export const newestFirst: ListOrder = ordered("listKey", -1, "");

const Position = Type.Object({ by: Type.String(), after: Type.String() });

const positionIn = ({ key }: ListOrder, cursor: string): string => {
	const { by, after } = decodeCursor(cursor, Position);
	if (by === key) return after;
	throw new DomainError("VALIDATION", "The cursor is one of another list", {
		errors: [{ pointer: "/cursor", detail: "must be the nextCursor of the page before, with the same q" }],
	});
};

/**
 * The first text behind all that begin with the prefix: in the order of code points, and (but for U+D7FF, which is no character)
 * in that of UTF-16 units.
 */
const behind = (prefix: string): string => {
	const signs = [...prefix];
	const last = signs.pop()?.codePointAt(0) ?? 0;
	// 0xd800 to 0xdfff are no characters.
	return signs.join("") + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1);
};

const range = ({ direction, prefix }: ListOrder, after: string | undefined) => ({
	...(prefix === "" ? { $exists: true } : { $gte: prefix, $lt: behind(prefix) }),
	...(after !== undefined && (direction === 1 ? { $gt: after } : { $lt: after })),
});

/** One more than `limit`, as `toPage` wants it. */
export const findBy = (order: ListOrder, cursor: string | undefined, limit: number, where: Where = {}): Query => ({
	where: { ...where, [order.key]: range(order, cursor === undefined ? undefined : positionIn(order, cursor)) },
	sort: [[order.key, order.direction]],
	limit: limit + 1,
});

import assert from "node:assert/strict";
import fc from "fast-check";
import Type from "typebox";
import type { ConnectionView } from "../../../contracts/http/admin.ts";
import { decodeCursor } from "../../../mixins/paging/cursor.ts";
import { type PageOf, toPage } from "../../../mixins/paging/page.ts";
import { mergeConnections } from "../../../mixins/streams/connection-list.ts";

const idOf = (at: number): string => String(at).padStart(4, "0");
const Position = Type.Object({ connection: Type.String() });

/** A page of one service that has connections with these ids. */
const pageOf = (ids: readonly string[], limit: number, cursor: string | null): PageOf<ConnectionView> => {
	const before = cursor === null ? "9999" : decodeCursor(cursor, Position).connection;
	const rows = ids.filter((id) => id < before).sort().reverse().slice(0, limit + 1); // biome-ignore format: one line
	return toPage(rows, limit, (id) => ({ id }) as ConnectionView, (id) => ({ connection: id })); // biome-ignore format: one line
};

describe("the connections of several services", () => {
	it("are one list, the newest first, each once, however they are spread and paged", () => {
		const spread = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 });
		fc.assert(
			fc.property(spread, fc.integer({ min: 1, max: 7 }), (owners, limit) => {
				const services = [0, 1, 2].map((one) => owners.flatMap((owner, at) => (owner === one ? [idOf(at)] : [])));
				const seen: string[] = [];
				let cursor: string | null = null;
				do {
					const page: PageOf<ConnectionView> = mergeConnections(
						services.map((ids) => pageOf(ids, limit, cursor)),
						limit,
					);
					assert.ok(page.items.length <= limit);
					assert.ok(page.items.length > 0 || page.nextCursor === null);
					seen.push(...page.items.map(({ id }) => id));
					cursor = page.nextCursor;
				} while (cursor !== null);
				assert.deepEqual(seen, owners.map((_, at) => idOf(at)).reverse());
			}),
		);
	});
});

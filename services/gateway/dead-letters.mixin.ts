import type { Context, Service } from "moleculer";
import Type from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { noteWas } from "../../mixins/call-meta/noted.ts";
import type { DurableEventsMembers } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { DeadLetter, DeadLetters } from "../../mixins/durable-events/port.ts";
import { measured } from "../../mixins/metrics/metrics.ts";
import { decodeCursor, encodeCursor } from "../../mixins/paging/cursor.ts";

interface ListParams {
	group?: string;
	limit: number;
	cursor?: string;
}

/** Around the bus's own, so that a cursor that was made up is refused here as in every list. */
const Position = Type.Object({ after: Type.String(), of: Type.Literal("dead letters") });

type Call<Params> = Context<Params, CallMeta>;

type This = Service & DurableEventsMembers;

const letters = ({ bus }: This): DeadLetters => {
	if (!bus) throw new DomainError("UNAVAILABLE", "The bus is not connected");
	return bus.deadLetters;
};

/** It leaves the list: what it was stays in the audit log. */
const noteLetter = async (gateway: This, ctx: Call<{ id: string }>): Promise<void> => {
	const letter = await letters(gateway).get(ctx.params.id);
	if (!letter) throw new DomainError("NOT_FOUND");
	const { group, subject, entity, eventId } = letter;
	noteWas(ctx, { group, subject, entity, eventId });
};

/** What a scrape counts up to: where there are more, the number is not the news. */
const countedMost = 1_000;

const waiting = async (gateway: This): Promise<number> => (await letters(gateway).list({ limit: countedMost })).items.length;

const endGauge = new WeakMap<Service, () => void>();

/** What an operator does about events that a group gave up on; `/v1/admin/dead-letters`. */
export const deadLetterActions = {
	async started(this: This) {
		endGauge.set(
			this,
			measured("dead_letters", {}, () => waiting(this)),
		);
	},
	async stopped(this: This) {
		endGauge.get(this)?.();
	},
	actions: {
		deadLetters: {
			visibility: "published",
			async handler(this: This, { params: { cursor, ...params } }: Call<ListParams>) {
				const after = cursor === undefined ? {} : { cursor: decodeCursor(cursor, Position).after };
				const { items, nextCursor } = await letters(this).list({ ...params, ...after });
				return { items, nextCursor: nextCursor === null ? null : encodeCursor({ after: nextCursor, of: "dead letters" }) };
			},
		},
		deadLetter: {
			visibility: "published",
			async handler(this: This, ctx: Call<{ id: string }>): Promise<DeadLetter> {
				const letter = await letters(this).get(ctx.params.id);
				if (!letter) throw new DomainError("NOT_FOUND");
				return letter;
			},
		},
		retryDeadLetter: {
			visibility: "published",
			async handler(this: This, ctx: Call<{ id: string }>): Promise<{ id: string }> {
				await noteLetter(this, ctx);
				if (!(await letters(this).retry(ctx.params.id))) throw new DomainError("NOT_FOUND");
				return { id: ctx.params.id };
			},
		},
		dropDeadLetter: {
			visibility: "published",
			async handler(this: This, ctx: Call<{ id: string }>): Promise<void> {
				await noteLetter(this, ctx);
				if (!(await letters(this).drop(ctx.params.id))) throw new DomainError("NOT_FOUND");
			},
		},
	},
};

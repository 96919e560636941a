import type { Context, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { DeadLetter, DeadLetters } from "../../mixins/durable-events/port.ts";

interface ListParams {
	group?: string;
	limit: number;
	cursor?: string;
}

type Call<Params> = Context<Params, CallMeta>;

/** What an operator does about events that a group gave up on; `/v1/admin/dead-letters`. */
export const deadLetterActions = (deadLetters: () => DeadLetters | undefined): Partial<ServiceSchema> => {
	const letters = (): DeadLetters => {
		const found = deadLetters();
		if (!found) throw new DomainError("UNAVAILABLE", "This node has no bus");
		return found;
	};
	return {
		actions: {
			deadLetters: {
				visibility: "published",
				handler: (ctx: Call<ListParams>) => letters().list(ctx.params),
			},
			deadLetter: {
				visibility: "published",
				async handler(ctx: Call<{ id: string }>): Promise<DeadLetter> {
					const letter = await letters().get(ctx.params.id);
					if (!letter) throw new DomainError("NOT_FOUND");
					return letter;
				},
			},
			retryDeadLetter: {
				visibility: "published",
				async handler(ctx: Call<{ id: string }>): Promise<{ id: string }> {
					if (!(await letters().retry(ctx.params.id))) throw new DomainError("NOT_FOUND");
					return { id: ctx.params.id };
				},
			},
			dropDeadLetter: {
				visibility: "published",
				async handler(ctx: Call<{ id: string }>): Promise<void> {
					if (!(await letters().drop(ctx.params.id))) throw new DomainError("NOT_FOUND");
				},
			},
		},
	};
};

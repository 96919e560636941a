import type { ActionHandler, ActionSchema, Context, Middleware } from "moleculer";
import { count, observe } from "../mixins/metrics/metrics.ts";
import { refusalOf } from "./domain-errors.ts";

// Times what is done to orders and counts the attempts to place one, where it is done: whoever asks for it, over HTTP, as an older client
// or from another service.

const service = "orders";
const placing = "place";

/** A refusal is an answer; anything else should not have happened. */
const isRefusal = (error: unknown): boolean => {
	const code = refusalOf(error)?.code;
	return code !== undefined && code !== "UNAVAILABLE";
};

const timed = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
	const began = performance.now();
	try {
		return await work();
	} finally {
		observe("order_processing_duration_seconds", { operation }, (performance.now() - began) / 1_000);
	}
};

const counted = async <T>(ctx: Context<unknown, { replayed?: boolean }>, work: () => Promise<T>): Promise<T> => {
	try {
		const answer = await work();
		count("orders_created_total", { status: ctx.meta.replayed ? "repeated" : "created" });
		return answer;
	} catch (error) {
		count("orders_created_total", { status: isRefusal(error) ? "refused" : "failed" });
		throw error;
	}
};

type Described = ActionSchema & { rawName?: string; service?: { name: string } };
type Wrapped = (ctx: Context<unknown, { replayed?: boolean }>) => Promise<unknown>;

export const metrics = (): Middleware => ({
	name: "Metrics",
	localAction(next: ActionHandler, action: Described) {
		const { rawName = "" } = action;
		if (action.service?.name !== service || action.visibility !== "published") return next;
		const handler = next as unknown as Wrapped; // Moleculer's type speaks of `this`, which is bound by then
		return (ctx: Parameters<Wrapped>[0]) =>
			timed(rawName, () => (rawName === placing ? counted(ctx, () => handler(ctx)) : handler(ctx)));
	},
});

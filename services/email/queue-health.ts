import { clock } from "../../config/clock.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import type { EmailVars } from "./email-base.ts";

/** Somebody should look: what could be sent has not been for so long, in ms. A server that is away shows here. */
const worryAfter = 15 * 60_000;

/** The queue beside the consumer groups: how many wait (`lag`) and for how long the first of them could have been tried. */
export const queueHealth = async ({ store, sending }: EmailVars): Promise<GroupHealth> => {
	const now = clock.now();
	const overdue = { dueAt: { $lte: now } };
	const [queued, held, failed, [first]] = await Promise.all([
		store.mails.count({ status: "queued" }),
		store.mails.count({ status: "held" }),
		store.mails.count({ status: "failed" }),
		store.mails.find({ where: overdue, sort: [["dueAt", 1]], limit: 1 }),
	]);
	const waits = first?.dueAt === undefined ? 0 : now - first.dueAt;
	return {
		group: "mails",
		service: "email",
		ok: waits < worryAfter,
		lag: queued,
		inFlight: sending?.inFlight ?? 0,
		detail: `${queued} queued, ${held} held, ${failed} failed${waits > 0 ? `, the oldest due for ${Math.ceil(waits / 1_000)} s` : ""}`,
	};
};

import type { Document } from "../../mixins/store/port.ts";
import type { Outcome } from "./outcome.ts";
import type { ProviderEvent } from "./provider.ts";

/** A verified webhook as it was stored before its 200. `_id` is `<provider>:<event id>`: a repeat finds the first one. */
export interface StoredWebhook extends Document {
	provider: string;
	event: { id: string; type: string; paymentId: string };
	outcome: Outcome | null;
	/** It tells nothing that we would believe: what is due about the payment is asked instead. */
	asks?: true;
	/** `stored`: not applied yet, since the process died or the payment is not here. `orphaned`: its payment never came. */
	state: "stored" | "applied" | "ignored" | "orphaned";
	/** ISO 8601. */
	receivedAt: string;
	/** Epoch ms at which it is tried again; only while it is `stored`. */
	dueAt?: number;
	tries: number;
}

/** A provider repeats itself for about as long (Stripe: three days); after that nobody will make the payment that it is about. */
const waitsFor = 3 * 86_400_000;
const longestWait = 60_000;

export const webhookId = (provider: string, eventId: string): string => `${provider}:${eventId}`;

export const newWebhook = (
	provider: string,
	{ id, type, paymentId, outcome, asks }: ProviderEvent,
	at: number,
	grace: number,
): StoredWebhook => ({
	_id: webhookId(provider, id),
	provider,
	event: { id, type, paymentId },
	outcome,
	...(asks && { asks }),
	state: outcome || asks ? "stored" : "ignored",
	receivedAt: new Date(at).toISOString(),
	...((outcome || asks) && { dueAt: at + grace }),
	tries: 0,
});

export const isOrphan = ({ receivedAt }: StoredWebhook, now: number): boolean => now - Date.parse(receivedAt) > waitsFor;

/** Delay in ms before it is tried again, doubling up to a minute. */
export const nextTry = ({ tries }: StoredWebhook, first: number): number =>
	Math.min(first * 2 ** Math.min(tries, 30), Math.max(first, longestWait));

import { profile } from "../../config/profile.ts";
import type { Profile } from "../../config/profile-type.ts";

/** What the environment decides about durable events. Times in ms. */
export interface BusSettings {
	/** nats:// URLs separated by commas, or null: everything in this process. */
	readonly transporter: string | null;
	/** Of subjects; upper-cased, of streams. */
	readonly keyPrefix: string;
	/** Copies of each stream. Default 1. */
	readonly jetstreamReplicas?: number;
	readonly ackWait: number;
	readonly leaseTimeout: number;
	readonly outboxSweepEvery: number;
	/** How long a published event stays in its document. */
	readonly outboxKeep: number;
	readonly groups: Profile["groups"];
}

/** Not in the environment: nobody has needed to turn these. */
export const fixed = {
	/** Deliveries of one group that a process works on at the same time. */
	concurrency: 64,
	/** How long stop() waits for handlers in flight. What is unfinished then is delivered again, elsewhere. */
	drainMs: 10_000,
	/** How many deliveries more than `tries` an event may have that ended in no outcome at all, because the process died or hung. */
	lostDeliveries: 5,
	/** How long marks and records wait for company, so that many travel in one command. */
	gatherMs: 20,
	/**
	 * Embedded: how long what is said of an event that was handled waits for company. Nobody waits for it, and an event that all its groups have handled
	 * by then needs no records; what a crash finds waiting is delivered again, as all that was under way is.
	 */
	leaveMs: 250,
	expireEvery: 60_000,
} as const;

let chosen: BusSettings | undefined;

/** For tests, and for programs that do not live by the environment. `undefined` goes back to it. */
export const setBusSettings = (settings: BusSettings | undefined): void => {
	chosen = settings;
};

export const currentBusSettings = (): BusSettings => chosen ?? profile();

import { clock } from "../../config/clock.ts";
import { everyUnderLease, type LeasedJob } from "../lease/every-under-lease.ts";
import type { BusLogger, RecordStore } from "./bus.ts";
import { fixed } from "./settings.ts";

/** Sweeps records that have had their time. Not a TTL index: nothing that has to be right may hang on one. */
export const expireRecords = ({ service, inbox, leases }: RecordStore, leaseTimeout: number, logger: BusLogger): LeasedJob =>
	everyUnderLease({
		name: `inbox:${service}`,
		leases,
		timeoutMs: leaseTimeout,
		everyMs: fixed.expireEvery,
		run: async () => {
			await inbox.remove({ expiresAt: { $lte: clock.now() } });
		},
		logger,
	});

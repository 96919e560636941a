import { setTimeout as delay } from "node:timers/promises";
import { Lease, type LeaseDocument } from "../../mixins/lease/lease.ts";
import type { Collection } from "../../mixins/store/port.ts";

const patience = 60_000;

const take = async (lease: Lease, pause: number): Promise<AbortSignal> => {
	const deadline = performance.now() + patience;
	for (let said = false; ; ) {
		const term = await lease.beat();
		if (term) return term.signal;
		if (performance.now() > deadline) throw new Error(`another migration holds the lease for more than ${patience / 1_000} s`);
		if (!said) console.log("Another migration is running, or died a moment ago: waiting for it.");
		said = true;
		await delay(pause);
	}
};

/**
 * Runs `work` while no other migration runs. Its signal aborts when the lease is lost: what is not done by then is for the next run,
 * which finds each step either done or not.
 */
export const underLease = async <T>(
	leases: Collection<LeaseDocument>,
	timeoutMs: number,
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
	const lease = new Lease({ name: "migrate", leases, timeoutMs });
	const pause = timeoutMs / 3;
	const signal = await take(lease, pause);
	// A failed renewal needs no more than this: the lease gives itself up, and `signal` aborts.
	const keep = setInterval(() => lease.beat().catch((error) => console.error("The lease was not renewed:", error)), pause);
	try {
		return await work(signal);
	} finally {
		clearInterval(keep);
		await lease.release();
	}
};

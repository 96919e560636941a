import type { Service, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import type { Retain } from "../../config/profile-type.ts";
import type { GroupHealth } from "../durable-events/port.ts";
import { everyUnderLease, type LeasedJob } from "../lease/every-under-lease.ts";
import type { LeaseDocument } from "../lease/lease.ts";
import { measured } from "../metrics/metrics.ts";
import type { StoreControl } from "../store/store.ts";
import { retentionRound } from "./round.ts";
import type { Rule } from "./rules.ts";

// What a service mixes in to forget: rules, carried out by one of its nodes now and then. List it before the store mixin, whose collections
// have `leases` among them. docs/decisions/0030-retention-and-erasure.md

/** Members of `this` in a service with this mixin. */
export interface RetentionMembers {
	/** Nothing while all is well; else what operators should see. */
	retentionTrouble(): readonly GroupHealth[];
	/** A round of its own, beside those under the lease, which does no harm. Resolves when it is over. */
	retainNow(): Promise<void>;
}

interface Retaining {
	rules: readonly Rule[];
	/** Of the last round, by rule. */
	failures: Map<string, string>;
	job: LeasedJob;
	endGauges: () => void;
}

interface Vars extends RetentionMembers {
	retaining: Retaining | undefined;
}

type This = Service & Vars & { store: StoreControl };

/** Nobody waits for what is removed, so a holder that died is waited for rather than a lease renewed every second. */
const longestLease = 60_000;

const gauges = (rules: readonly Rule[]): (() => void) => {
	const overdue = async (rule: Rule): Promise<number> => {
		const now = clock.now();
		const since = await rule.overdueSince(now);
		return since === null ? 0 : Math.max(0, now - since) / 1_000;
	};
	const all = rules.map((rule) => measured("retention_age_seconds", { rule: rule.name }, () => overdue(rule)));
	return () => {
		for (const end of all) end();
	};
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const round = async (
	service: This,
	{ rules, failures }: Pick<Retaining, "rules" | "failures">,
	signal: AbortSignal,
): Promise<void> => {
	const failed = new Map<string, string>();
	const done = await retentionRound({
		rules,
		now: () => clock.now(),
		signal,
		removed(rule, count) {
			service.logger.info(`retention: ${count} ${rule.what}`);
		},
		failed(rule, error) {
			failed.set(rule.name, reasonOf(error));
			service.logger.warn(`retention: ${rule.name} could not be carried out, the next round comes:`, error);
		},
	});
	failures.clear();
	for (const [rule, why] of failed) failures.set(rule, why);
	// What is removed should not be legible in the file either.
	if (done > 0) await service.store.scrub();
};

/** `rulesOf` is asked when the service starts, with its store open. */
export const retention = <S extends Service>(rulesOf: (service: S, lives: Retain) => readonly Rule[]): Partial<ServiceSchema> =>
	({
		methods: {
			async retainNow(this: This): Promise<void> {
				if (this.retaining) await round(this, this.retaining, new AbortController().signal);
			},
			retentionTrouble(this: This): GroupHealth[] {
				const failures = [...(this.retaining?.failures ?? [])];
				if (failures.length === 0) return [];
				const detail = failures.map(([rule, why]) => `${rule}: ${why}`).join("; ");
				return [{ group: "retention", service: this.name, ok: false, lag: failures.length, inFlight: 0, detail }];
			},
		},
		async started(this: This) {
			const { retain, leaseTimeout } = profile();
			const rules = rulesOf(this as never, retain); // the mixin cannot tell which service it will be part of
			const failures = new Map<string, string>();
			const job = everyUnderLease({
				name: `${this.name}.retention`,
				leases: this.store.collection<LeaseDocument>("leases"),
				timeoutMs: Math.max(leaseTimeout, Math.min(retain.every, longestLease)),
				everyMs: retain.every,
				run: (signal) => round(this, { rules, failures }, signal),
				logger: this.logger,
			});
			this.retaining = { rules, job, failures, endGauges: gauges(rules) };
		},
		async stopped(this: This) {
			this.retaining?.endGauges();
			await this.retaining?.job.stop();
		},
	}) as unknown as Partial<ServiceSchema>; // Moleculer's types do not know whose `this` it is

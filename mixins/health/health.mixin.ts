import type { ServiceSchema } from "moleculer";
import type { GroupHealth } from "../durable-events/port.ts";

/** One thing that a service needs: resolves when it is there, rejects with a message for operators (no secrets, no hosts). */
export type HealthCheck = () => Promise<unknown>;

export interface CheckResult {
	name: string;
	ok: boolean;
	detail?: string;
}

/** Answer of `<service>.health`. */
export interface ServiceHealth {
	ok: boolean;
	checks: CheckResult[];
	consumers: GroupHealth[];
}

/** A check that hangs is one that failed. */
const patienceMs = 2_000;

const within = async (work: Promise<unknown>): Promise<void> => {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise((_resolve, reject) => {
		timer = setTimeout(reject, patienceMs, new Error("no answer"));
	});
	try {
		await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
};

const run = async (name: string, check: HealthCheck): Promise<CheckResult> => {
	try {
		await within(check());
		return { name, ok: true };
	} catch (error) {
		return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
	}
};

export interface HealthSources {
	checks: Record<string, HealthCheck>;
	/** State and lag of the consumer groups that this service runs. */
	consumers?: () => Promise<readonly GroupHealth[]>;
}

/**
 * Gives a service the internal action `<service>.health`, which the gateway asks for readiness: `mixins: [health(function () {
 * return { checks: { store: () => this.store.orders.count({ _id: "" }) } }; })]`. `this` is the service, after it was created.
 */
export const health = (sources: (this: never) => HealthSources): Partial<ServiceSchema> => ({
	actions: {
		health: {
			visibility: "public",
			// A health answer from a moment ago is of no use to a probe that asks now.
			cache: false,
			async handler(): Promise<ServiceHealth> {
				const { checks, consumers } = sources.call(this as never);
				const [results, groups] = await Promise.all([
					Promise.all(Object.entries(checks).map(([name, check]) => run(name, check))),
					consumers?.() ?? [],
				]);
				return { ok: results.every(({ ok }) => ok), checks: results, consumers: [...groups] };
			},
		},
	},
});

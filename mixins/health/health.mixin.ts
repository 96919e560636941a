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

const patienceMs = 2_000;

/** Rejects with "no answer" when the work takes longer than anybody waits for a health answer. */
export const within = async <T>(work: Promise<T>): Promise<T> => {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(reject, patienceMs, new Error("no answer"));
	});
	try {
		return await Promise.race([work, late]);
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
				let groups: readonly GroupHealth[] = [];
				const ask = async (): Promise<void> => {
					groups = (await consumers?.()) ?? [];
				};
				const all = Object.entries(consumers ? { ...checks, consumers: ask } : checks);
				const results = await Promise.all(all.map(([name, check]) => run(name, check)));
				return { ok: results.every(({ ok }) => ok), checks: results, consumers: [...groups] };
			},
		},
	},
});

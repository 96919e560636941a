import type { Route } from "../../contracts/http/route.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import type { CheckResult, ServiceHealth } from "../../mixins/health/health.mixin.ts";

/** What was heard of a service: its own health, a word on why there is none, or null if it is there but does not tell. */
export type Heard = ServiceHealth | string | null;

/** A check that says whether requests can be served; a lesser one only shows in the report. */
export interface GatewayCheck extends CheckResult {
	lesser?: true;
}

export interface HealthReport {
	status: "ok" | "degraded";
	uptime: number;
	version: string;
	checks: CheckResult[];
	consumers: GroupHealth[];
}

/** The services that a route table needs, but for the one that serves it. */
export const servicesBehind = (routes: readonly Route[], own: string): string[] => [
	...new Set(routes.map(({ action }) => action.slice(0, action.indexOf("."))).filter((name) => name !== own)),
];

const checksOf = (name: string, heard: Heard): CheckResult[] => {
	if (heard === null) return [{ name, ok: true }];
	if (typeof heard === "string") return [{ name, ok: false, detail: heard }];
	return [{ name, ok: heard.ok }, ...heard.checks.map((check) => ({ ...check, name: `${name}.${check.name}` }))];
};

/** Several nodes may tell of the same group; the first one counts. */
const distinct = (groups: readonly GroupHealth[]): GroupHealth[] => [
	...new Map(groups.map((group) => [`${group.group} ${group.service}`, group])).values(),
];

export const assemble = (
	own: readonly GatewayCheck[],
	services: ReadonlyMap<string, Heard>,
	groups: readonly GroupHealth[],
	facts: { uptime: number; version: string },
): { ready: boolean; report: HealthReport } => {
	const behind = [...services].flatMap(([name, heard]) => checksOf(name, heard));
	const told = [...services.values()].flatMap((heard) => (heard !== null && typeof heard === "object" ? heard.consumers : []));
	const consumers = distinct([...groups, ...told]);
	const checks = [...own.map(({ lesser: _lesser, ...check }) => check), ...behind];
	const status = checks.every(({ ok }) => ok) && consumers.every(({ ok }) => ok) ? "ok" : "degraded";
	const ready = own.every(({ ok, lesser }) => ok || lesser) && behind.every(({ ok }) => ok);
	return { ready, report: { status, ...facts, checks, consumers } };
};

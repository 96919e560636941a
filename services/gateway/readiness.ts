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

/** Without these, requests are served as ever: what they do waits for them. Their health shows where they are there. */
export const dispensable: readonly string[] = ["email", "cdc"];

/** Without a route, and worth a word in the report. */
const besides: readonly string[] = ["cdc"];

/** The services that a route table needs, but for the one that serves it, and those that should be heard of. */
export const servicesBehind = (routes: readonly Route[], own: string): string[] => [
	...new Set([...routes.map(({ action }) => action.slice(0, action.indexOf("."))), ...besides].filter((name) => name !== own)),
];

const addresses =
	/[a-z][a-z+.-]*:\/\/\S+|\[?[0-9a-f]*:[0-9a-f:]+\]?:\d+|\b[\w-]+(?:\.[\w-]+)*:\d{2,5}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b|(?:\/[\w.@-]+){2,}/gi;

/** Health is for everybody, and what libraries say of a failure names hosts and folders. */
export const withoutAddresses = (detail: string): string => detail.replace(addresses, "…");

const shown = <T extends { detail?: string }>(row: T): T =>
	row.detail === undefined ? row : { ...row, detail: withoutAddresses(row.detail) };

const checksOf = (name: string, heard: Heard): CheckResult[] => {
	if (heard === null) return [{ name, ok: true }];
	if (typeof heard === "string") return [{ name, ok: false, detail: heard }];
	return [{ name, ok: heard.ok }, ...heard.checks.map((check) => ({ ...check, name: `${name}.${check.name}` }))];
};

/** Several nodes may tell of the same group; the first one counts. */
const distinct = (groups: readonly GroupHealth[]): GroupHealth[] => [
	...new Map(groups.map((group) => [`${group.group} ${group.service}`, group])).values(),
];

/** By the name of a check: `<service>` or `<service>.<check>`. */
const isDispensable = (name: string): boolean => dispensable.includes(name.split(".")[0] ?? "");

export interface Assembled {
	ready: boolean;
	report: HealthReport;
	/** All that is wrong, for the log; empty if nothing is. */
	trouble: string;
}

export const wordsOf = ({ name, detail }: { name: string; detail?: string }): string => (detail ? `${name}: ${detail}` : name);

export const assemble = (
	own: readonly GatewayCheck[],
	services: ReadonlyMap<string, Heard>,
	groups: readonly GroupHealth[],
	facts: { uptime: number; version: string },
): Assembled => {
	const behind = [...services].flatMap(([name, heard]) => checksOf(name, heard));
	const told = [...services.values()].flatMap((heard) => (heard !== null && typeof heard === "object" ? heard.consumers : []));
	const consumers = distinct([...groups, ...told]);
	const checks = [...own.map(({ lesser: _lesser, ...check }) => check), ...behind];
	const wrong = [...checks, ...consumers.map((group) => ({ ...group, name: `group ${group.group}` }))].filter(({ ok }) => !ok);
	return {
		ready: own.every(({ ok, lesser }) => ok || lesser) && behind.every(({ ok, name }) => ok || isDispensable(name)),
		report: {
			status: wrong.length === 0 ? "ok" : "degraded",
			...facts,
			checks: checks.map(shown),
			consumers: consumers.map(shown),
		},
		trouble: wrong.map(wordsOf).join("; "),
	};
};

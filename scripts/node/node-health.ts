import type { ServiceBroker } from "moleculer";
import type { CheckResult, ServiceHealth } from "../../mixins/health/health.mixin.ts";

/** Whether a node can do its work: what its own services say of what they need. Others' troubles are none of its own. */
export interface NodeHealth {
	ok: boolean;
	checks: CheckResult[];
}

const answerMs = 3_000;

const ask = async (broker: ServiceBroker, name: string): Promise<CheckResult[]> => {
	const action = `${name}.health`;
	const known = broker.registry.actions.get(action) as unknown as { getEndpointByNodeID(id: string): object | null } | undefined;
	// A gateway's health is that of all services; what a node needs of its own it tells in `own`.
	if (name === "gateway" || !known?.getEndpointByNodeID(broker.nodeID)) return [{ name, ok: true }];
	const here = { nodeID: broker.nodeID, timeout: answerMs, retries: 0 };
	const { checks } = await broker.call<ServiceHealth, object>(action, {}, here);
	return checks.map(({ name: check, ...rest }) => ({ name: `${name}.${check}`, ...rest }));
};

const silent = (name: string): CheckResult[] => [{ name, ok: false, detail: "no answer" }];

export const nodeHealth = async (broker: ServiceBroker): Promise<NodeHealth> => {
	if (!broker.started) return { ok: false, checks: [{ name: "node", ok: false, detail: "starting or stopping" }] };
	const names = broker.services.map(({ name }) => name).filter((name) => !name.startsWith("$"));
	const checks = (await Promise.all(names.map((name) => ask(broker, name).catch(() => silent(name))))).flat();
	return { ok: checks.every(({ ok }) => ok), checks };
};

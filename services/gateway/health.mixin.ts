import type { Context, Service, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Bus } from "../../mixins/durable-events/bus.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import { type ServiceHealth, within } from "../../mixins/health/health.mixin.ts";
import { nodePlacement } from "../../mixins/placement/node-placement.ts";
import type { RestService } from "../../mixins/rest/serve.ts";
import { type Assembled, assemble, dispensable, type GatewayCheck, type HealthReport, type Heard, wordsOf } from "./readiness.ts";

export interface HealthOptions {
	version: string;
	/** Services that must answer. */
	services: readonly string[];
}

interface Gateway extends RestService {
	accessTokensReady(): boolean;
	bus: Bus | null;
}

/** Probes of several load balancers share one look, in ms. */
const freshMs = 200;

const isKnown = (service: Service, name: string): boolean =>
	service.broker.registry.getServiceList({ onlyAvailable: true }).some((known: { name: string }) => known.name === name);

/** Errors of a call name nodes and actions; what a stranger may read is only whether somebody answered. */
const ask = async (ctx: Context, service: Service, name: string): Promise<Heard> => {
	try {
		return await ctx.call<ServiceHealth, object>(`${name}.health`, {}, { timeout: 3_000, retries: 0 });
	} catch (error) {
		const { type } = error as { type?: string };
		if (type === "SERVICE_NOT_FOUND") return isKnown(service, name) ? null : "not there";
		service.logger.warn(`${name} does not tell its health`, error);
		return "no answer";
	}
};

const ownChecks = async (gateway: Gateway): Promise<GatewayCheck[]> => {
	const redis = gateway.redis?.ping().then(
		(): GatewayCheck => ({ name: "redis", ok: true }),
		// Caches and limits have something to do without it: shown, but no reason to send people elsewhere.
		(): GatewayCheck => ({ name: "redis", ok: false, detail: "no answer", lesser: true }),
	);
	return [
		// The broker's word comes first: while sockets are told to move, requests are still taken.
		gateway.broker.stopping || gateway.draining
			? { name: "gateway", ok: false, detail: "stopping" }
			: { name: "gateway", ok: true },
		gateway.accessTokensReady()
			? { name: "access-tokens", ok: true }
			: { name: "access-tokens", ok: false, detail: "the keys are not known yet" },
		// Of this node alone. One that has just started looks around before it takes sockets, and turns them away until then.
		nodePlacement(gateway.broker).ready
			? { name: "sockets", ok: true }
			: { name: "sockets", ok: false, detail: "it is not known yet which node has which stream" },
		gateway.bus?.connected ? { name: "bus", ok: true } : { name: "bus", ok: false, detail: "not connected" },
		...(redis ? [await redis] : []),
	];
};

/** A bus that is away cannot tell; that it is away stands among the checks. */
const groupsOf = (gateway: Gateway): Promise<GroupHealth[]> | GroupHealth[] =>
	gateway.bus ? within(gateway.bus.health()).catch(() => []) : [];

const look = async (ctx: Context, gateway: Gateway, options: HealthOptions): Promise<Assembled> => {
	const asked = options.services.filter((name) => !dispensable.includes(name) || isKnown(gateway, name));
	const [own, heard, groups] = await Promise.all([
		ownChecks(gateway),
		Promise.all(asked.map(async (name) => [name, await ask(ctx, gateway, name)] as const)),
		groupsOf(gateway),
	]);
	return assemble(own, new Map(heard), groups, { uptime: Math.floor(process.uptime()), version: options.version });
};

/** Told once when it changes: probes come every second. */
const tellChange = (service: Service, before: string | undefined, now: string): void => {
	if (now === (before ?? "")) return;
	// The first look comes while the node starts: what is not there yet is no trouble.
	if (before === undefined) service.logger.info(`Not ready yet: ${now}`);
	else if (now) service.logger.warn(`Something is wrong: ${now}`);
	else service.logger.info("Everything is well");
};

type Call = Context<unknown, CallMeta>;

/** `/health/live`, `/health/ready`, `/health` and the older `/v1/health`. */
export const healthActions = (options: HealthOptions): Partial<ServiceSchema> => {
	const looks = new WeakMap<object, { at: number; result: Promise<Assembled> }>();
	const troubles = new WeakMap<object, string>();
	const lookAgain = async (ctx: Context, service: Service): Promise<Assembled> => {
		const result = await look(ctx, service as Gateway, options);
		tellChange(service, troubles.get(service), result.trouble);
		troubles.set(service, result.trouble);
		return result;
	};
	const latest = (ctx: Context, service: Service): Promise<Assembled> => {
		const last = looks.get(service);
		if (last && performance.now() - last.at < freshMs) return last.result;
		const result = lookAgain(ctx, service);
		looks.set(service, { at: performance.now(), result });
		return result;
	};
	return {
		actions: {
			live: { visibility: "published", handler: () => ({ status: "ok" }) },
			ready: {
				visibility: "published",
				async handler(this: Service, ctx: Call): Promise<HealthReport> {
					const { ready, report } = await latest(ctx, this);
					if (ready) return report;
					const failing = report.checks
						.filter(({ ok }) => !ok)
						.map(wordsOf)
						.join("; ");
					throw new DomainError("UNAVAILABLE", failing, { checks: report.checks, consumers: report.consumers });
				},
			},
			health: {
				visibility: "published",
				handler: async function (this: Service, ctx: Call): Promise<HealthReport> {
					return (await latest(ctx, this)).report;
				},
			},
			legacyHealth: {
				visibility: "published",
				handler: async function (this: Service, ctx: Call): Promise<{ status: "success"; data: HealthReport }> {
					return { status: "success", data: (await latest(ctx, this)).report };
				},
			},
		},
	};
};

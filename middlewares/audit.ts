import type { ActionHandler, Context, Middleware, ServiceBroker } from "moleculer";
import { isoNow } from "../config/clock.ts";
import { redact } from "../config/redact.ts";
import type { AuditEnd, AuditIntent } from "../contracts/audit.ts";
import type { CallMeta } from "../contracts/call.ts";
import { DomainError } from "../contracts/errors.ts";
import { isAdminChange } from "../contracts/http/audit.ts";
import { routes } from "../contracts/http/index.ts";
import { newId } from "../contracts/ids.ts";
import { adminOf } from "../mixins/call-meta/call-meta.ts";
import { notedWas } from "../mixins/call-meta/noted.ts";
import { currentScope } from "../mixins/tracing/scope.ts";
import { refusalOf } from "./domain-errors.ts";

// Writes down what administrators change, around the action that does it: whoever calls it, over HTTP or at the prompt.

type Params = Readonly<Record<string, unknown>>;
type Call = Context<Params, CallMeta>;
type Handler = (ctx: Call) => Promise<unknown>;

/** Actions that the route table lets only administrators call, to change something. */
const changes: ReadonlySet<string> = new Set(routes.filter(isAdminChange).map(({ action }) => action));

/** Of what was asked for; more is no record but a burden. */
const mostDetails = 4_000;

const short = (facts: Params): AuditIntent["details"] => {
	const details = redact(facts) as AuditIntent["details"];
	return JSON.stringify(details).length <= mostDetails ? details : { tooLong: Object.keys(details).slice(0, 20) };
};

const detailsOf = ({ id: _target, ...asked }: Params): AuditIntent["details"] => short(asked);

const idIn = (value: unknown): string | undefined => {
	const { id } = (value ?? {}) as { id?: unknown };
	return typeof id === "string" ? id.slice(0, 200) : undefined;
};

const tracePart = (): Pick<AuditIntent, "traceId"> => {
	const traceId = currentScope()?.trace.traceId;
	return traceId === undefined ? {} : { traceId };
};

/** Throws for whoever is no administrator: who calls an action by its name alone has no actor to write down. */
const intentOf = (ctx: Call, action: string): AuditIntent => ({
	id: newId(),
	at: isoNow(),
	actor: { id: adminOf(ctx).id, via: ctx.meta.via ?? "rest" },
	action,
	target: idIn(ctx.params) ?? null,
	details: detailsOf(ctx.params),
	requestId: ctx.requestID ?? ctx.id,
	address: ctx.meta.client?.address ?? "",
	...tracePart(),
});

const begin = async (broker: ServiceBroker, ctx: Call, intent: AuditIntent): Promise<void> => {
	try {
		await ctx.call<void, AuditIntent>("auth.beginAudit", intent);
	} catch (error) {
		broker.logger.error(`${intent.action} is refused, since it could not be written down: ${(error as Error).message}`);
		throw new DomainError("UNAVAILABLE", "This could not be written into the audit log, and was not done");
	}
};

/** What was done is done: where its end cannot be written, the entry stays `begun`, and the log has the rest. */
const end = async (broker: ServiceBroker, { action, requestId }: AuditIntent, ending: AuditEnd): Promise<void> => {
	try {
		// A call of its own: the time that the caller gave to the action may be over.
		await broker.call<void, AuditEnd>("auth.endAudit", ending, { requestID: requestId });
	} catch (error) {
		const { id, outcome } = ending;
		broker.logger.error(`the end of ${action} (${outcome}) is missing in audit entry ${id}: ${(error as Error).message}`);
	}
};

const failureOf = (error: unknown): Pick<AuditEnd, "outcome" | "code"> => {
	const code = refusalOf(error)?.code ?? "INTERNAL";
	return { outcome: code === "INTERNAL" || code === "UNAVAILABLE" ? "failed" : "refused", code };
};

const wasPart = (ctx: Call): Pick<AuditEnd, "was"> => {
	const was = notedWas(ctx);
	return was ? { was: short(was) } : {};
};

const audited =
	(broker: ServiceBroker, action: string, handler: Handler): Handler =>
	async (ctx) => {
		const intent = intentOf(ctx, action);
		await begin(broker, ctx, intent);
		let answer: unknown;
		try {
			answer = await handler(ctx);
		} catch (error) {
			await end(broker, intent, { id: intent.id, ...failureOf(error), ...wasPart(ctx) });
			throw error;
		}
		const made = intent.target === null ? idIn(answer) : undefined;
		await end(broker, intent, { id: intent.id, outcome: "done", ...wasPart(ctx), ...(made !== undefined && { target: made }) });
		return answer;
	};

/**
 * A change is written down before it is done, and refused (UNAVAILABLE) if it cannot be; its outcome afterwards. Where a process dies in
 * between, the entry says `begun`. Inside of `domainErrors`, which puts what is thrown here into the form of the wire.
 */
export const audit = (): Middleware => ({
	name: "Audit",
	localAction(next: ActionHandler, { name = "" }) {
		if (!changes.has(name)) return next;
		const handler = next as unknown as Handler; // Moleculer's type speaks of `this`, which is bound by then
		return audited(this as unknown as ServiceBroker, name, handler) as unknown as ActionHandler;
	},
});

import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { isoNow } from "../../config/clock.ts";
import { AuditEnd, type AuditEntry, AuditIntent } from "../../contracts/audit.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { adminOf } from "../../mixins/call-meta/call-meta.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { type AuditFilter, begun, ended, filterOf, toAuditEntry } from "./audit.ts";
import { type AuthService, internalAction, routeAction } from "./auth-base.ts";

// The log of what administrators change: middlewares/audit.ts writes it from whichever node does it. Nothing here changes or removes an entry.

/** Under an id that the caller made: a repeat finds it written. */
async function beginAudit(this: AuthService, ctx: Context<AuditIntent>): Promise<void> {
	await this.store.audit_log.create(begun(ctx.params));
}

async function endAudit(this: AuthService, ctx: Context<AuditEnd>): Promise<void> {
	const { where, update } = ended(ctx.params, isoNow());
	await this.store.audit_log.update(where, update);
}

interface ListParams extends AuditFilter {
	limit?: number;
	cursor?: string;
}

const Position = Type.Object({ after: Type.String(), of: Type.Literal("audit") });

async function audit(this: AuthService, ctx: Context<ListParams, CallMeta>): Promise<PageOf<AuditEntry>> {
	adminOf(ctx);
	const { cursor, limit = defaultLimit, ...filter } = ctx.params;
	const rows = await this.store.audit_log.find({
		where: {
			...filterOf(filter),
			...(cursor !== undefined && { listKey: { $lt: decodeCursor(cursor, Position).after } }),
		},
		sort: [["listKey", -1]],
		limit: limit + 1,
	});
	return toPage(rows, limit, toAuditEntry, ({ listKey }) => ({ after: listKey, of: "audit" }));
}

export const auditing: Partial<ServiceSchema> = {
	actions: {
		beginAudit: internalAction(beginAudit, { params: typed(AuditIntent) }),
		endAudit: internalAction(endAudit, { params: typed(AuditEnd) }),
		audit: routeAction("audit", audit),
	},
};

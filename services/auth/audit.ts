import type { AuditEnd, AuditEntry, AuditIntent } from "../../contracts/audit.ts";
import type { CollectionSpec, Update, Where } from "../../mixins/store/port.ts";

// What administrators changed, as it is stored. A row is written twice: before it is done, and once afterwards.

export interface AuditRow extends Omit<AuditEntry, "id" | "at"> {
	_id: string;
	/** ISO 8601, UTC: `at` of the entry. */
	createdAt: string;
	/** `<createdAt> <id>`: the order of the list. */
	listKey: string;
}

export const auditRows: CollectionSpec = {
	indexes: [
		{ name: "list", fields: [["listKey", -1]] },
		...(["actor.id", "target", "action", "outcome"] as const).map((path) => ({
			name: path.replace(".", "_"),
			fields: [
				[path, 1],
				["listKey", -1],
			] as const,
		})),
	],
};

export const begun = ({ id, at, ...facts }: AuditIntent): AuditRow => ({
	_id: id,
	createdAt: at,
	listKey: `${at} ${id}`,
	...facts,
	outcome: "begun",
});

/** Once: what has ended stays as it is. */
export const ended = ({ id, outcome, ...more }: AuditEnd, now: string): { where: Where; update: Update } => ({
	where: { _id: id, outcome: "begun" },
	update: {
		$set: { outcome, endedAt: now, ...more },
	},
});

export const toAuditEntry = ({ _id, createdAt, listKey: _order, ...facts }: AuditRow): AuditEntry => ({
	id: _id,
	at: createdAt,
	...facts,
});

export interface AuditFilter {
	actor?: string;
	action?: string;
	target?: string;
	outcome?: AuditEntry["outcome"];
}

export const filterOf = ({ actor, action, target, outcome }: AuditFilter): Where => ({
	...(actor !== undefined && { "actor.id": actor }),
	...(action !== undefined && { action }),
	...(target !== undefined && { target }),
	...(outcome !== undefined && { outcome }),
});

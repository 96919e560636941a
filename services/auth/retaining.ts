import type { Retain } from "../../config/profile-type.ts";
import { aged, type Rule } from "../../mixins/retention/rules.ts";
import type { AuthService } from "./auth-base.ts";
import { erasures } from "./erasing.adapter.ts";

// What is forgotten of accounts, and of the bus, which belongs to no service.

const deadLetters = ({ bus }: AuthService, life: number): Rule => ({
	name: "dead_letters",
	what: "dead letters that nobody looked after were dropped",
	async overdueSince(now) {
		const oldest = (await bus?.deadLetters.oldest()) ?? null;
		return oldest === null || oldest + life > now ? null : oldest + life;
	},
	remove: async (now, limit) => (await bus?.deadLetters.dropBefore(now - life, limit)) ?? 0,
});

export const authRetention = (auth: AuthService, lives: Retain): Rule[] => [
	// First: they wait for nothing else.
	erasures(auth),
	aged({
		...{ name: "sessions", what: "sessions that are over were removed" },
		...{ collection: auth.store.sessions, field: "removeAt", life: lives.sessions },
	}),
	aged(
		{
			...{ name: "audit", what: "entries of the audit log were removed" },
			...{ collection: auth.store.audit_log, field: "listKey", life: lives.audit },
		},
		true,
	),
	deadLetters(auth, lives.deadLetters),
];

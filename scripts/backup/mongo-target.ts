import { setTimeout as delay } from "node:timers/promises";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import { openBackend } from "../../mixins/store/backend.ts";
import { databaseOf } from "../../mixins/store/mongo-backend.ts";
import { acquireClient, releaseClient } from "../../mixins/store/mongo-client.ts";
import { Refusal } from "../node/refusal.ts";
import { collectionsOf } from "./mongo-source.ts";
import type { Target } from "./target.ts";

export const mongoTarget = (url: string, leaseTimeoutMs: number): Target => {
	const client = acquireClient(url);
	const database = client.db(databaseOf(url));
	const names = async (): Promise<string[]> => (await collectionsOf(database)).filter((name) => !name.startsWith("system."));

	/** Holders renew at a third of the time-out. */
	const beats = async (): Promise<string> => {
		const leases = await database.collection<LeaseDocument>("leases").find().sort({ _id: 1 }).toArray();
		return leases.map(({ _id, beat }) => `${_id} ${beat}`).join("\n");
	};
	return {
		async countPresent() {
			const counts = (await names()).map((name) => database.collection(name).countDocuments());
			return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
		},
		async refuseIfInUse() {
			const before = await beats();
			if (before === "") return;
			await delay(leaseTimeoutMs / 2);
			if ((await beats()) !== before) throw new Refusal("nodes are at work on this database: stop all of them first");
		},
		async begin() {
			for (const name of await names()) await database.collection(name).drop();
			return openBackend({ kind: "mongo", url });
		},
		finish: async () => undefined,
		close: () => releaseClient(client),
	};
};

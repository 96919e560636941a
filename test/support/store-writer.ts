import { openStore } from "../../mixins/store/store.ts";
import type { StoreProfile } from "../../mixins/store/store-profile.ts";
import { createEntity, type Entity, mutate, outboxIndex } from "../../mixins/store/versioned.ts";

// A process to be killed: four writers create and change accounts until they die, and say on stdout what was acknowledged,
// a line each: `<id> <version>`. Arguments: the store's profile as JSON, and a prefix of ids that no earlier run had.

export interface Account extends Entity {
	code: string;
	n: number;
}

export const accountIndexes = [outboxIndex, { name: "account_code", fields: [["code", 1]], unique: true }] as const;

const write = async (profile: StoreProfile, prefix: string): Promise<void> => {
	const store = await openStore<{ accounts: Account }>({ collections: { accounts: { indexes: accountIndexes } }, profile });
	const at = Date.now();
	const writer = async (number: number): Promise<never> => {
		for (let count = 0; ; count++) {
			const _id = `${prefix}-${number}-${count}`;
			await createEntity(store.accounts, { _id, code: `code-${_id}`, n: 1 }, [], { at });
			process.stdout.write(`${_id} 1\n`);
			const event = { type: "user.deleted", subject: _id, data: { userId: _id } } as const;
			await mutate(store.accounts, _id, () => ({ inc: { n: 1 }, events: [event] }), { at });
			process.stdout.write(`${_id} 2\n`);
		}
	};
	await Promise.all([1, 2, 3, 4].map(writer));
};

const [profile, prefix] = process.argv.slice(2);
if (process.argv[1] === import.meta.filename && profile && prefix) await write(JSON.parse(profile) as StoreProfile, prefix);

import assert from "node:assert/strict";
import { resolve } from "node:path";
import { DuplicateKey } from "../../../mixins/store/errors.ts";
import { openStore } from "../../../mixins/store/store.ts";
import type { StoreProfile } from "../../../mixins/store/store-profile.ts";
import { bothStores } from "../../support/both-stores.ts";
import { nodeChild } from "../../support/node-child.ts";
import { needsOwn, type RunningServer, startMongod } from "../../support/servers.ts";
import { type Account, accountIndexes } from "../../support/store-writer.ts";

const writer = resolve(import.meta.dirname, "../../support/store-writer.ts");

/** The highest acknowledged version of each account, by what the process said before it died. */
const acked = (lines: readonly string[]): Map<string, number> =>
	new Map(lines.map((line) => line.split(" ")).map(([id, version]) => [String(id), Number(version)]));

/** Everything acknowledged is there, whole, and no key is there twice. */
const check = async (profile: StoreProfile, promised: ReadonlyMap<string, number>): Promise<void> => {
	const store = await openStore<{ accounts: Account }>({ collections: { accounts: { indexes: accountIndexes } }, profile });
	try {
		const all = await store.accounts.find({});
		const byId = new Map(all.map((account) => [account._id, account]));
		for (const [id, version] of promised) {
			const found = byId.get(id);
			assert.ok(found && found.version >= version, `${id} was acknowledged in version ${version} and is ${found?.version}`);
		}
		for (const { _id, version, n, outbox, outboxAt } of all) {
			assert.equal(n, version, _id);
			assert.deepEqual(outbox?.map(({ id }) => id) ?? [], version === 2 ? [`accounts.${_id}.2.0`] : []); // biome-ignore format: one line
			assert.equal(outboxAt !== undefined, version === 2);
		}
		assert.equal(new Set(all.map(({ code }) => code)).size, all.length);
		assert.deepEqual(await store.missingIndexes(), []);
		const [first] = promised.keys();
		await assert.rejects(
			store.accounts.create({ _id: `copy-${Math.random()}`, code: `code-${first}`, n: 1, version: 1, updatedAt: "" }),
			DuplicateKey,
		);
	} finally {
		await store.close();
	}
};

bothStores("store: kill -9 of a writing process", (profileOf) => {
	it("loses nothing that was acknowledged, and tears nothing", async function () {
		this.timeout(120_000);
		const promised = new Map<string, number>();
		for (let round = 1; round <= 4; round++) {
			const child = nodeChild(writer, JSON.stringify(profileOf()), `r${round}`);
			await child.until(round * 60);
			await child.kill("SIGKILL");
			for (const [id, version] of acked(child.lines)) promised.set(id, version);
			await check(profileOf(), promised);
		}
	});
});

describe("store (mongo): kill -9 of the server under four writers", () => {
	let server: RunningServer | undefined;
	before(async function () {
		this.timeout(90_000);
		needsOwn(this, "mongod");
		server = await startMongod({ own: true });
	});
	after(() => server?.stop());

	it("loses nothing that was acknowledged, and the writers go on by themselves", async function () {
		this.timeout(120_000);
		assert.ok(server);
		const profile: StoreProfile = { kind: "mongo", url: `${server.url}&serverSelectionTimeoutMS=30000`, dbName: "killed" };
		const child = nodeChild(writer, JSON.stringify(profile), "w");
		for (const lines of [100, 300, 500]) {
			await child.until(lines);
			await server.kill("SIGKILL");
			await server.restart();
		}
		await child.until(700);
		await child.kill("SIGKILL");
		await check(profile, acked(child.lines));
	});
});

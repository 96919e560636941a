import { newId } from "../../contracts/ids.ts";
import type { StoreProfile } from "../../mixins/store/store-profile.ts";
import { needs, type RunningServer, startMongod } from "./servers.ts";
import { removeDir, tempDir } from "./temp-dir.ts";

/** One suite over both stores, each with data of its own: what a service promises must not depend on what keeps its documents. */
export const bothStores = (title: string, suite: (profile: () => StoreProfile) => void): void => {
	describe(`${title}, on SQLite`, () => {
		let dataDir = "";
		before(async () => {
			dataDir = await tempDir("sqlite");
		});
		suite(() => ({ kind: "embedded", dataDir }));
		after(() => removeDir(dataDir)); // hooks run in the order in which they stand here: what the suite stops may still need the store
	});

	describe(`${title}, on MongoDB`, () => {
		let mongod: RunningServer | undefined;
		const dbName = `test-${newId()}`;
		before(async function () {
			this.timeout(90_000);
			needs(this, "mongod");
			mongod = await startMongod();
		});
		suite(() => ({ kind: "mongo", url: mongod?.url ?? "", dbName }));
		after(() => mongod?.stop());
	});
};

import assert from "node:assert/strict";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { readEnvironment } from "../../../config/environment.ts";
import { serviceNames } from "../../../config/variables.ts";
import { openServiceStores } from "../../../scripts/migrate/service-stores.ts";
import { catalogue, chosenFeeds, UnknownCollections } from "../../../services/cdc/catalogue.ts";
import { cdc } from "../../../services/cdc/cdc.service.ts";
import { quiet } from "../../support/brokers.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

describe("what may leave the database", () => {
	it("is decided for every collection of every service, and for no other", async () => {
		const dir = await tempDir("catalogue");
		const { services, close } = await openServiceStores(readEnvironment({ DATA_DIR: dir }), serviceNames);
		const names = services.flatMap(({ stores }) => stores.flatMap((store) => store.collectionNames));
		await close();
		await removeDir(dir);
		assert.deepEqual(Object.keys(catalogue).sort(), [...new Set(names)].sort());
	});

	it("has no field that a password, a token, a key or a secret could be in, nor what the store keeps for itself", () => {
		const fields = [...chosenFeeds([])].flatMap(([name, { fields }]) => fields.map((field) => `${name}.${field}`));
		assert.ok(fields.length > 80);
		const wrong =
			/password|secret|token|session|reset|verification|salt|digest$|request|outbox|changes|body|text|nextAction|address/i;
		const allowed = ["preferences.digest"];
		assert.deepEqual(fields.filter((field) => wrong.test(field) && !allowed.includes(field)), []); // biome-ignore format: one line
	});

	it("can be narrowed by name, but not widened", () => {
		assert.deepEqual([...chosenFeeds(["orders", "users", "orders"]).keys()], ["orders", "users"]);
		const refusal = (names: string[]) => () => chosenFeeds(names);
		assert.throws(refusal(["orders", "sessions"]), (error) => error instanceof UnknownCollections && /sessions stays in the database/.test(error.message)); // biome-ignore format: one line
		assert.throws(refusal(["ordres"]), /ordres is not a collection of Souk\. There are: .*orders/);
		assert.throws(refusal(["constructor"]), /is not a collection/);
		const profile = { ...readEnvironment({}), cdc: { collections: ["mail_secrets"], keep: 1, keepBytes: 1 } };
		const broker = new ServiceBroker({ ...quiet });
		assert.throws(() => broker.createService(cdc({ profile }) as ServiceSchema), /mail_secrets stays in the database/);
	});
});

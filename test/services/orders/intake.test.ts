import assert from "node:assert/strict";
import type { IntakeOutcome } from "../../../contracts/intake.ts";
import { WriteUncertain } from "../../../mixins/store/errors.ts";
import { anIntakeDocument } from "../../support/an-intake-document.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { refused } from "../../support/refused.ts";

const ada = { id: "ada", roles: ["admin"] as const };

bothStores("taking in order documents", (profile) => {
	let node: OrdersNode;
	before(async () => {
		node = await startOrdersNode(profile());
	});
	after(() => node?.stop());

	const batch = async (...documents: (object | string)[]): Promise<IntakeOutcome[]> => {
		const texts = documents.map((document) => (typeof document === "string" ? document : JSON.stringify(document)));
		return (await node.call<IntakeOutcome[]>("intakeBatch", { documents: texts }, ada)).body;
	};
	const codes = (outcomes: readonly IntakeOutcome[]) => outcomes.map((outcome) => (outcome.ok ? outcome.id : outcome.code));

	it("answers each of a batch in its place", async () => {
		const [one, two] = [anIntakeDocument("batchwise01"), anIntakeDocument("batchwise02")];
		const outcomes = await batch(one, "{", { ...one, entry: "x" }, two, one, anIntakeDocument("short"));
		assert.deepEqual(codes(outcomes), ["batchwise01", "VALIDATION", "ORDER_EXISTS", "batchwise02", "batchwise01", "VALIDATION"]);
	});

	it("accepts the same again among new ones, and changes nothing", async () => {
		const one = anIntakeDocument("again00001");
		await batch(one);
		const [before] = await node.service.store.intake_documents.findByIds(["again00001"]);
		const outcomes = await batch(anIntakeDocument("again00002"), one, { ...one, locale: "ru" });
		assert.deepEqual(codes(outcomes), ["again00002", "again00001", "ORDER_EXISTS"]);
		assert.deepEqual(await node.service.store.intake_documents.findById("again00001"), before);
	});

	it("lets one of many that come at the same time win, and tells each the truth", async () => {
		const variants = Array.from({ length: 20 }, (_, index) => anIntakeDocument("raced00001", { entry: String(index % 2) }));
		const outcomes = (await Promise.all(variants.map((document) => batch(document)))).flat();
		const kept = await node.service.store.intake_documents.findById("raced00001");
		const { entry } = JSON.parse(kept?.text ?? "{}");
		outcomes.forEach((outcome, index) => {
			assert.equal(outcome.ok, String(index % 2) === entry);
		});
	});

	it("says that a document is there after the answer to its write was lost", async () => {
		const { intake_documents } = node.service.store;
		const createMany = intake_documents.createMany.bind(intake_documents);
		intake_documents.createMany = async (documents) => {
			await createMany(documents);
			throw new WriteUncertain("the answer was lost");
		};
		await refused(batch(anIntakeDocument("lostanswer1")), "UNAVAILABLE");
		intake_documents.createMany = createMany;
		assert.deepEqual(codes(await batch(anIntakeDocument("lostanswer1"))), ["lostanswer1"]);
	});

	it("tells a repeat of a named request from another one with the same content", async () => {
		const params = { rawBody: JSON.stringify(anIntakeDocument("named00001")) };
		const repeated = async (key: string) => (await node.call("intake", params, { ...ada, key })).meta.replayed;
		assert.equal(await repeated("k1"), undefined);
		assert.equal(await repeated("k1"), true);
		assert.equal(await repeated("k2"), false);
	});
});

import assert from "node:assert/strict";
import { openStore } from "../../../mixins/store/store.ts";
import { filesIn } from "../../support/kept-bytes.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

interface Note {
	_id: string;
	text: string;
}

describe("The files of the embedded store", () => {
	let dataDir: string;
	beforeEach(async () => {
		dataDir = await tempDir("scrub");
	});
	afterEach(() => removeDir(dataDir));

	it("have nothing legible of what was removed or replaced once they are scrubbed, short or long", async () => {
		const store = await openStore<{ notes: Note }>({
			collections: { notes: { indexes: [{ name: "text", fields: [["text", 1]] }] } },
			profile: { kind: "embedded", dataDir },
		});
		const text = async (): Promise<string> => [...(await filesIn(dataDir)).values()].join();
		const long = "a long secret ".repeat(2_000);
		await store.notes.createMany(
			Array.from({ length: 50 }, (_, index) => ({ _id: `n${index}`, text: `a short secret ${index}` })),
		);
		await store.notes.create({ _id: "long", text: long });
		assert.match(await text(), /a short secret 7.*a long secret|a long secret.*a short secret 7/s);
		await store.notes.update({ _id: "long" }, { $set: { text: "nothing" } });
		for (let index = 0; index < 50; index++) {
			const where = { _id: `n${index}` };
			if (index % 2 === 0) await store.notes.remove(where);
			else await store.notes.update(where, { $set: { text: "nothing" } });
		}
		await store.scrub();
		const left = await text();
		assert.ok(!left.includes("secret"));
		assert.ok(left.includes("nothing"));
		await store.close();
	});
});

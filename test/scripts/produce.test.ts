import assert from "node:assert/strict";
import { documents } from "../../scripts/produce/documents.ts";
import { faults } from "../../scripts/produce/faults.ts";
import { Tally } from "../../scripts/produce/tally.ts";
import { validateDocument } from "../../services/orders/intake-document.ts";
import { runScript } from "../support/run-script.ts";
import { admin, type Souk, startSouk } from "../support/souk.ts";

describe("the documents of npm run produce", () => {
	const made = [...documents({ count: 1_000, invalid: 0.2, seed: 7 })];

	it("are the same for the same seed, and others for another", () => {
		assert.deepEqual([...documents({ count: 1_000, invalid: 0.2, seed: 7 })], made);
		assert.notDeepEqual([...documents({ count: 1_000, invalid: 0.2, seed: 8 })], made);
		assert.equal(new Set(made.map(({ id }) => id)).size, 1_000);
	});

	it("are wrong to the share that was asked for, in each of ten ways as often", () => {
		assert.equal(faults.length, 10);
		const byFault = Map.groupBy(made, ({ fault }) => fault?.name ?? "none");
		assert.equal(byFault.get("none")?.length, 800);
		for (const { name } of faults) assert.equal(byFault.get(name)?.length, 20, name);
	});

	it("break exactly the rule that they are meant to break", () => {
		for (const { text, fault } of made) {
			const pointers = (validateDocument(JSON.parse(text)) ?? []).map(({ pointer }) => pointer);
			assert.deepEqual(pointers, fault ? [fault.pointer] : [], text);
		}
	});

	it("can be all or none wrong", () => {
		const wrong = (invalid: number) => [...documents({ count: 50, invalid, seed: 1 })].filter(({ fault }) => fault).length;
		assert.deepEqual([wrong(0), wrong(1)], [0, 50]);
	});
});

describe("the summary of npm run produce", () => {
	it("tells of a valid document that was refused, a wrong one that was taken in, and one without an answer", () => {
		const [fault = assert.fail()] = faults;
		const tally = new Tally();
		tally.sent = 4;
		tally.take({ text: "", id: "good", fault: null }, { ok: true });
		assert.equal(tally.asExpected, false);
		tally.take({ text: "", id: "good2", fault: null }, { ok: false, reason: "VALIDATION: /items" });
		tally.take({ text: "", id: "bad", fault }, { ok: true });
		assert.match(tally.summary(1), /sent 4, accepted 2, refused 1/);
		for (const line of [/good2 \(valid\) was refused/, /bad \(short uid\) was taken in/, /without an answer\s+1/]) {
			assert.match(tally.summary(1), line);
		}
	});
});

describe("npm run produce", () => {
	let souk: Souk;
	before(async () => {
		souk = await startSouk();
	});
	after(() => souk?.stop());

	const produce = (...args: string[]) =>
		runScript("produce.ts", args, {
			PORT: new URL(souk.url).port,
			ADMIN_EMAIL: admin.email,
			ADMIN_PASSWORD: admin.password,
		});

	it("says what the service answered, the same when the same documents are sent again", async () => {
		for (let run = 0; run < 2; run++) {
			const { code, output } = await produce("--count", "500", "--rate", "0", "--seed", "3");
			assert.equal(code, 0, output);
			assert.match(output, /sent 500, accepted 400, refused 100/);
			assert.match(output, /100% {2}500\/500/);
			for (const { name } of faults) assert.match(output, new RegExp(`${name} +10\\n`));
		}
	});

	it("keeps to its rate", async () => {
		const { output } = await produce("--count", "50", "--rate", "100", "--invalid", "0", "--seed", "4");
		const seconds = Number(/accepted 50, refused 0, in ([\d.]+) s/.exec(output)?.[1]);
		assert.ok(seconds >= 0.4, output);
	});

	for (const args of [["--to", "disk"], ["--count", "-1"], ["--invalid", "2"], ["--rate", "fast"], ["--what"]]) {
		it(`refuses ${args.join(" ")} and says why`, async () => {
			const { code, output } = await produce(...args);
			assert.equal(code, 64);
			assert.match(output, new RegExp(`${args[0]}[^]*npm run produce`));
		});
	}

	it("refuses the bus where there is none", async () => {
		const { code, output } = await produce("--to", "bus");
		assert.equal(code, 1);
		assert.match(output, /set TRANSPORTER/);
	});
});

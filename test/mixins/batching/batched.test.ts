import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { batched } from "../../../mixins/batching/batched.ts";

describe("batched questions", () => {
	/** Records every load and answers when told to. */
	const scripted = (limit?: number) => {
		const loads: string[][] = [];
		const release: ((error?: Error) => void)[] = [];
		const ask = batched<string, string>(
			(keys) =>
				new Promise((resolve, reject) => {
					loads.push([...keys]);
					const known = keys.filter((key) => key !== "unknown");
					release.push((error) => (error ? reject(error) : resolve(new Map(known.map((key) => [key, `${key}!`])))));
				}),
			limit,
		);
		return { ask, loads, release };
	};

	it("asks once for all who ask in one turn, and once for each key", async () => {
		const { ask, loads, release } = scripted();
		const answers = Promise.all(["a", "b", "a"].map(ask));
		await turn();
		assert.deepEqual(loads, [["a", "b"]]);
		release[0]?.();
		assert.deepEqual(await answers, ["a!", "b!", "a!"]);
	});

	it("never answers from a load that began before the question", async () => {
		const { ask, loads, release } = scripted();
		const first = ask("a");
		await turn();
		const second = ask("a");
		release[0]?.();
		await first;
		await turn();
		assert.deepEqual(loads, [["a"], ["a"]]);
		release[1]?.();
		assert.equal(await second, "a!");
	});

	it("fails those of one load, and goes on", async () => {
		const { ask, release } = scripted();
		const failing = ask("a");
		await turn();
		const good = ask("b");
		release[0]?.(new Error("away"));
		await assert.rejects(failing, /away/);
		await turn();
		release[1]?.();
		assert.equal(await good, "b!");
	});

	it("answers undefined for what is not there", async () => {
		const { ask, release } = scripted();
		const answer = ask("unknown");
		await turn();
		release[0]?.();
		assert.equal(await answer, undefined);
	});

	it("keeps loads to a bounded number of keys", async () => {
		const { ask, loads, release } = scripted(2);
		const answers = Promise.all(["a", "b", "c"].map(ask));
		await turn();
		release[0]?.();
		await turn();
		release[1]?.();
		await answers;
		assert.deepEqual(loads, [["a", "b"], ["c"]]);
	});
});

import assert from "node:assert/strict";
import { resolve } from "node:path";
import { clock } from "../../../config/clock.ts";
import { openStore } from "../../../mixins/store/store.ts";
import { createEntity } from "../../../mixins/store/versioned.ts";
import { bothBuses, type World } from "../../support/both-buses.ts";
import type { Effect } from "../../support/event-child.ts";
import { drafts, type Note, noteSpec, startEventNode } from "../../support/event-node.ts";
import { nodeChild } from "../../support/node-child.ts";
import { until } from "../../support/until.ts";

const file = resolve(import.meta.dirname, "../../support/event-child.ts");

const idsAfter = (lines: readonly string[], word: string): string[] =>
	lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

bothBuses("durable events: kill -9 with handlers in flight", (newWorld) => {
	it("each event that was written has its effect, once", async function () {
		this.timeout(120_000);
		const world = await newWorld();
		const written = new Set<string>();
		let interrupted = 0;
		for (let round = 0; round < 4; round++) {
			const child = nodeChild(file, JSON.stringify(world), "both", "15");
			await child.until(120 + round * 37);
			await child.kill("SIGKILL");
			for (const id of idsAfter(child.lines, "written")) written.add(id);
			interrupted += idsAfter(child.lines, "begun").length - idsAfter(child.lines, "done").length;
		}
		assert.ok(interrupted > 0, "no handler was in flight at any of the kills: this test has shown nothing");
		const { effects, wanted } = await finish(world, written);
		assert.deepEqual(new Set(effects.map(({ _id }) => _id)), wanted);
	});

	it("an event that kills every process it is given to ends as a dead letter", async function () {
		this.timeout(120_000);
		const world = await newWorld();
		const settings = { ...world.settings, groups: { reader: { tries: 1 } } };
		const store = await openStore<{ notes: Note }>({ collections: { notes: { ...noteSpec } }, profile: world.profile });
		await createEntity<Note>(store.notes, { _id: "poison" }, drafts(1), { at: clock.now() });
		await store.close();
		for (let deaths = 0; ; deaths++) {
			const child = nodeChild(file, JSON.stringify({ ...world, settings }), "die");
			let over = false;
			void child.ended.then(() => {
				over = true;
			});
			const look = async (): Promise<string> => (child.lines.includes("dead letter") ? "dead letter" : over ? "killed" : "");
			const end = await until("the child to die or to find a dead letter", look, (seen) => seen !== "", 60_000);
			await child.kill();
			if (end === "dead letter") break;
			assert.ok(deaths < 10, "it goes on for ever");
		}
	});
});

/** Lets a node bring everything to its end; answers the effects there are, and the events that should have had one. */
const finish = async (world: World, written: ReadonlySet<string>): Promise<{ effects: Effect[]; wanted: Set<string> }> => {
	const store = await openStore<{ effects: Effect; notes: Note }>({
		collections: { effects: {}, notes: { ...noteSpec } },
		profile: world.profile,
	});
	// A write whose answer the dead process never saw may have happened all the same.
	const stored = (await store.notes.find({})).map(({ _id }) => `notes.${_id}.1.0`);
	for (const id of written) assert.ok(stored.includes(id), `${id} was acknowledged and is gone`);
	const handler = async ({ id }: { id: string }): Promise<void> => {
		const { created } = await store.effects.create({ _id: id, runs: 1 });
		if (!created) await store.effects.update({ _id: id }, { $inc: { runs: 1 } });
	};
	const node = await startEventNode(world, [{ name: "reader", handler }]);
	try {
		await until("nothing to be unpublished", node.unpublished, (left) => left.length === 0);
		await until(
			"every event to be handled",
			() => node.bus.health(),
			(groups) => groups.every(({ lag, inFlight }) => lag === 0 && inFlight === 0),
		);
		const { items } = await node.bus.deadLetters.list({ limit: 10 });
		assert.deepEqual(items, []);
		return { effects: await store.effects.find({}), wanted: new Set(stored) };
	} finally {
		await node.stop();
		await store.close();
	}
};

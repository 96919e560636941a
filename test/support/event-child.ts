import { newId } from "../../contracts/ids.ts";
import { openStore } from "../../mixins/store/store.ts";
import type { World } from "./both-buses.ts";
import { startEventNode } from "./event-node.ts";

// A process that writes events and consumes them, to be killed: node event-child.ts <world> <"write"|"consume"|"both"|"die"> <ms a handler takes>
// Says "written <event id>" when a write was acknowledged, "begun <event id>" when a handler starts, "done <event id>" when its
// effect is stored. The effect is a document under an id that is made from the event's, as all work on events is keyed.
// With "die" it writes nothing, and dies of the first event that it gets.

export interface Effect {
	_id: string;
	runs: number;
}

const [worldText = "", role = "both", takes = "20"] = process.argv.slice(2);
const world = JSON.parse(worldText) as World;
const { effects } = await openStore<{ effects: Effect }>({ collections: { effects: {} }, profile: world.profile });

const say = (line: string): void => {
	process.stdout.write(`${line}\n`);
};

const consumer = {
	name: "reader",
	handler: async ({ id }: { id: string }): Promise<void> => {
		say(`begun ${id}`);
		if (role === "die") process.kill(process.pid, "SIGKILL");
		await new Promise((resolve) => setTimeout(resolve, Number(takes)));
		const { created } = await effects.create({ _id: id, runs: 1 });
		if (!created) await effects.update({ _id: id }, { $inc: { runs: 1 } });
		say(`done ${id}`);
	},
};

const node = await startEventNode(world, role === "write" ? [] : [consumer], {
	writes: role !== "consume",
	nodeID: `child-${newId()}`,
});
say("ready");
while (role === "write" || role === "both") {
	for (const id of await node.write()) say(`written ${id}`);
	await new Promise((resolve) => setTimeout(resolve, 2));
}
while (role === "die" && (await node.bus.deadLetters.list({ limit: 1 })).items.length === 0) {
	await new Promise((resolve) => setTimeout(resolve, 50));
}
if (role === "die") say("dead letter");

// npm run bench [-- name …]: measures the figures of docs/figures.md side by side in one run; prints a table, then one line of JSON.
import { cpus, totalmem } from "node:os";
import { clusterCounts } from "./figures/cluster-counts.ts";
import { getOrder } from "./figures/get-order.ts";
import { idleProcess } from "./figures/idle-process.ts";
import { intake } from "./figures/intake.ts";
import { liveCommands } from "./figures/live-commands.ts";
import { liveFanOut } from "./figures/live-fan-out.ts";
import { liveIdle } from "./figures/live-idle.ts";
import { liveNodes } from "./figures/live-nodes.ts";
import { liveResume } from "./figures/live-resume.ts";
import { liveSlowReaders } from "./figures/live-slow-readers.ts";
import { notifications } from "./figures/notifications.ts";
import { orderCache } from "./figures/order-cache.ts";
import { orderFlow } from "./figures/order-flow.ts";
import { rollingUpdate } from "./figures/rolling-update.ts";
import { watching } from "./figures/watching.ts";
import { type Figure, isMet, toTable } from "./support/figure.ts";

const benches: Readonly<Record<string, () => Promise<Figure[]>>> = {
	"get-order": getOrder,
	"order-cache": orderCache,
	"order-flow": orderFlow,
	"cluster-counts": clusterCounts,
	intake,
	"idle-process": idleProcess,
	"live-fan-out": liveFanOut,
	"live-commands": liveCommands,
	"live-nodes": liveNodes,
	"live-resume": liveResume,
	"live-idle": liveIdle,
	"live-slow-readers": liveSlowReaders,
	notifications,
	"rolling-update": rollingUpdate,
	watching,
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in benches));
if (unknown.length > 0) {
	console.error(`No such bench: ${unknown.join(", ")}. There are: ${Object.keys(benches).join(", ")}`);
	process.exit(2);
}

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
	if (chosen.length > 0 && !chosen.includes(name)) continue;
	console.error(`bench: ${name} …`);
	figures.push(...(await bench()));
}
const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
console.log(`\n${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}\n`);
console.log(toTable(figures));
console.log(`\n${JSON.stringify({ machine, figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })) })}`);

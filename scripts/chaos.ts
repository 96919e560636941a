import { breaks, isBreak } from "../test/chaos/breaks/index.ts";
import { campaign } from "../test/chaos/campaign.ts";
import { clusterWorlds } from "../test/chaos/cluster/world.ts";
import { modelWorlds } from "../test/chaos/model/world.ts";
import type { Played } from "../test/chaos/play.ts";
import { findServer, type ServerName } from "../test/support/servers.ts";
import { commandLine, UsageError } from "./node/command-line.ts";
import { Refusal, refuse } from "./node/refusal.ts";

// npm run chaos -- --runs 1000 --seed N: random histories of the live streams on a cluster of this machine. Clients post, follow, cut and
// resume while nodes and servers are killed, stopped and cut off; a checker reads what everybody was told. Exit code 1 if it finds anything.

const usage = `npm run chaos -- [--runs 8] [--seed N] [--minutes M] [--steps 60] [--shrink 30] [--world cluster|model] [--break NAME]

  --runs      how many histories; each takes some 10 to 30 s on a cluster
  --seed      of the first history, the next has the next one; without it one is drawn, and shown
  --minutes   no history begins later than this
  --steps     of each history
  --shrink    how often a plan that failed is played again, to make it shorter
  --world     model plays against a small server in memory, which tests the run itself
  --break     the nodes of chat are broken on purpose, so that the run has something to find: ${breaks.join(", ")}`;

const known = {
	runs: { type: "string", default: "8" },
	seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
	minutes: { type: "string", default: "100000" },
	steps: { type: "string", default: "60" },
	shrink: { type: "string", default: "30" },
	world: { type: "string", default: "cluster" },
	break: { type: "string" },
} as const;

const numberOf = (name: string, text: string, from: number): number => {
	const value = text.trim() === "" ? Number.NaN : Number(text);
	if (Number.isSafeInteger(value) && value >= from) return value;
	throw new UsageError(`--${name} takes a whole number from ${from}`);
};

const needed: readonly ServerName[] = ["nats", "redis", "mongod"];

const worldOf = (name: string, broken: string | undefined) => {
	if (broken !== undefined && !isBreak(broken)) throw new UsageError(`--break takes one of ${breaks.join(", ")}`);
	if (name !== "cluster" && name !== "model") throw new UsageError("--world takes cluster or model");
	if (name === "model" && broken !== undefined) throw new UsageError("--break goes with --world cluster");
	return { name, broken };
};

const worldsOf = async ({ name, broken }: ReturnType<typeof worldOf>) => {
	if (name === "model") return modelWorlds();
	const missing = needed.filter((server) => !findServer(server));
	if (missing.length > 0) throw new Refusal(`a cluster needs its servers on PATH; missing: ${missing.join(", ")}`);
	return clusterWorlds({ broken });
};

const show = ({ plan, history, violations }: Played, done: number): void => {
	const { tries, sessions, faults } = history;
	const verdict = violations.length === 0 ? "right" : "WRONG";
	const counts = `${tries.length} posts, ${sessions.length} connections, ${faults.length} faults`;
	console.log(`${String(done).padStart(5)}  seed ${plan.seed}  ${verdict}  ${counts}`);
	// At once: to make the plan shorter takes minutes.
	for (const { kind, what } of violations) console.log(`       ${kind}: ${what}`);
};

/** Servers are process groups of their own: only at an ordinary end do they go with this process. */
const endOnSignals = (): void => {
	process.once("SIGINT", () => process.exit(130));
	process.once("SIGTERM", () => process.exit(143));
};

const main = async (): Promise<void> => {
	const { world, ...options } = commandLine(usage, { options: known }, ({ values }) => ({
		runs: numberOf("runs", values.runs, 1),
		seed: numberOf("seed", values.seed, 0),
		withinMs: numberOf("minutes", values.minutes, 1) * 60_000,
		plan: { steps: numberOf("steps", values.steps, 1) },
		shrinkTries: numberOf("shrink", values.shrink, 0),
		world: worldOf(values.world, values.break),
	}));
	endOnSignals();
	console.log(`histories from seed ${options.seed} on`);
	const source = await worldsOf(world);
	try {
		const onShrunk = (left: number): void => console.log(`       still fails with ${left} steps`);
		const { failure, ...total } = await campaign(source, { ...options, onPlayed: show, onShrunk });
		if (failure) console.log(`\n${failure}\n`);
		const { acked, seen, connections } = total;
		console.log(`${total.runs} histories, ${acked} posts acked, ${seen} entries seen over ${connections} connections`);
		console.log(failure ? "A promise was broken." : "Every promise was kept.");
		process.exitCode = failure ? 1 : 0;
	} finally {
		await source.close();
	}
};

main().catch(refuse);

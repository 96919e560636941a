import { setTimeout as delay } from "node:timers/promises";
import { clock } from "../config/clock.ts";
import { profile } from "../config/profile.ts";
import type { Profile } from "../config/profile-type.ts";
import { followTestClock } from "../config/test-clock.ts";
import { nodePlacement } from "../mixins/placement/node-placement.ts";
import { attachedProfile } from "./node/attached.ts";
import { banner } from "./node/banner.ts";
import { commandLine, UsageError } from "./node/command-line.ts";
import { readEnvFile } from "./node/env-file.ts";
import { type SoukNode, startNode } from "./node/node.ts";
import { tellParent, whenParentIsGone } from "./node/parent.ts";
import { localUrl, untilReady } from "./node/readiness.ts";
import { Refusal, refuse } from "./node/refusal.ts";
import { drainOnSignals } from "./node/shutdown.ts";

// npm start: the services of SERVICES (all by default) in this process, until a signal. --repl adds Moleculer's prompt.

const usage = `npm start -- [--repl [--attach]]

  --repl    Moleculer's prompt in this terminal, with operators' commands: souk help
  --attach  with nothing else: no services, no port. It joins the running cluster of TRANSPORTER

Settings come from the environment and from a file .env beside package.json; .env.example shows all of them.`;

const options = { repl: { type: "boolean", default: false }, attach: { type: "boolean", default: false } } as const;

const flags = commandLine(usage, { options }, ({ values }) => {
	if (values.attach && !values.repl) throw new UsageError("--attach comes with --repl");
	return values;
});

/** How long a signal in the middle of the start waits for its end, in ms. It may be waiting for a database that never comes. */
const startBound = 5_000;

const sayReady = async (settings: Profile, node: SoukNode, giveUp: AbortSignal): Promise<void> => {
	const { port, broker } = node;
	const nodeID = broker.nodeID;
	tellParent({ type: "listening", port, nodeID });
	if (port !== null) await untilReady(localUrl(settings, port), (what) => broker.logger.warn(what), giveUp);
	else await nodePlacement(broker).untilOpen();
	console.log(banner(settings, port, nodeID, process.uptime()));
	tellParent({ type: "ready", port, nodeID });
};

/** How long one that attaches looks for others, in ms. They answer a newcomer within milliseconds. */
const lookBound = 10_000;

const sayAttached = async ({ broker, stop }: SoukNode): Promise<void> => {
	await broker.waitForServices(["gateway"], lookBound, 50).catch(async () => {
		await stop();
		throw new Refusal(
			`no gateway was seen on this bus within ${lookBound / 1_000} s; TRANSPORTER, NAMESPACE or the cluster is not right`,
		);
	});
	console.log(`Attached as ${broker.nodeID}, which serves nothing. \`souk help\` lists the commands.`);
	tellParent({ type: "ready", port: null, nodeID: broker.nodeID });
};

const main = async (): Promise<void> => {
	readEnvFile();
	const settings = flags.attach ? attachedProfile(process.env) : profile();
	if (followTestClock(clock, process.env)) console.warn("SOUK_TEST_CLOCK is set: the time is a test's");
	const stopping = new AbortController();
	const starting = startNode(settings);
	const { stopEarly } = drainOnSignals(async () => {
		stopping.abort();
		// A signal during the start waits for it: a half-started broker cannot be stopped.
		const node = await Promise.race([starting.catch(() => null), delay(startBound, null)]);
		await node?.stop();
	});
	whenParentIsGone(stopEarly);
	tellParent({ type: "starting", port: null });
	const node = await starting;
	await (flags.attach ? sayAttached(node) : sayReady(settings, node, stopping.signal)).catch((error: unknown) => {
		if (!stopping.signal.aborted) throw error;
	});
	if (!flags.repl || stopping.signal.aborted) return;
	const { openPrompt } = await import("./repl/prompt.ts");
	openPrompt(node.broker, stopEarly);
};

main().catch(refuse);

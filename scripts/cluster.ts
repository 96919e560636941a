import { readEnvironment } from "../config/environment.ts";
import { ChildNode } from "./cluster/child-node.ts";
import { startServers } from "./cluster/servers.ts";
import { commandLine } from "./node/command-line.ts";
import { readEnvFile } from "./node/env-file.ts";
import { refuse } from "./node/refusal.ts";
import { drainOnSignals } from "./node/shutdown.ts";

// npm run cluster: NATS, MongoDB and Redis, then several nodes as processes of this machine. One Ctrl-C ends all of them.

/** Two of payment, so that one can be killed and the other be seen to take over. */
const layout: readonly (readonly [name: string, services: string])[] = [
	["gateway-1", "gateway"],
	["auth-1", "auth"],
	["orders-1", "orders"],
	["payment-1", "payment"],
	["payment-2", "payment"],
	["chat-1", "chat"],
	["notification-1", "notification"],
	["email-1", "email"],
	["cdc-1", "cdc"],
];
const nodeBound = 18_000;
const wholeBound = 30_000;

const main = async (): Promise<void> => {
	commandLine(
		"npm run cluster\n\nNATS, MongoDB and Redis, then several nodes as processes of this machine. Servers that TRANSPORTER, MONGO_URL or REDIS_URL name are not started.",
		{},
		() => undefined,
	);
	readEnvFile();
	const { TRANSPORTER, MONGO_URL, REDIS_URL, ...others } = process.env;
	// Without the URLs, because TRANSPORTER alone is right here: the other servers are started. The nodes check all of them.
	const settings = readEnvironment(others);
	const undo: (() => Promise<unknown>)[] = [];
	let stopping = false;
	const { stopEarly } = drainOnSignals(async () => {
		stopping = true;
		for (const step of undo.reverse()) await step();
	}, wholeBound);

	const servers = await startServers(settings, { TRANSPORTER, MONGO_URL, REDIS_URL });
	undo.push(() => servers.stop());
	if (stopping) return servers.stop();

	const env = { ...process.env, ...servers.env };
	// One folder for all: the nodes share the signing keys in it. The documents are in MongoDB.
	const nodes = layout.map(
		([name, services]) =>
			new ChildNode(name, { ...env, SERVICES: services, NODE_ID: name, DATA_DIR: settings.dataDir }, stopEarly),
	);
	undo.push(() => Promise.all(nodes.map((node) => node.stop(nodeBound))));
	for (const node of nodes) node.start();
	await Promise.all(nodes.map((node) => node.ready));
	if (stopping) return;

	const port = nodes.find((node) => node.port !== null)?.port;
	console.log(`\n  Souk runs as a cluster: http://localhost:${port}   (API page: /docs)`);
	for (const node of nodes) console.log(`  ${node.name.padEnd(10)} pid ${node.pid}`);
	console.log("  A node that dies starts again: try kill -9. Ctrl-C ends all.\n");
};

main().catch(refuse);

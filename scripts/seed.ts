import { readEnvironment } from "../config/environment.ts";
import { profile } from "../config/profile.ts";
import { type HttpClient, httpClient, login } from "../test/support/http.ts";
import { commandLine } from "./node/command-line.ts";
import { readEnvFile } from "./node/env-file.ts";
import { startNode } from "./node/node.ts";
import { localUrl, untilReady } from "./node/readiness.ts";
import { Refusal, refuse } from "./node/refusal.ts";

// npm run seed: a buyer and a seller to play with, in the Souk that runs on PORT, or else straight into the data under DATA_DIR.
// A second run finds them and prints the same logins.

const people = [
	{ name: "Bella Buyer", role: "buyer", email: "buyer@souk.example", password: "bella buys at the souk" },
	{ name: "Sam Seller", role: "seller", email: "seller@souk.example", password: "sam sells at the souk" },
] as const;
const offers = [
	{ name: "Nasi lemak", price: { amount: 1250, currency: "MYR" } },
	{ name: "Teh tarik", price: { amount: 350, currency: "MYR" } },
];

const register = async (api: HttpClient, person: (typeof people)[number]): Promise<string> => {
	const answer = await api.post("/v1/auth/register", person);
	if (answer.status !== 201 && answer.body?.code !== "EMAIL_TAKEN") throw new Error(`${person.email}: ${answer.text}`);
	return (await login(api, person.email, person.password)).token;
};

/** The key makes a second run find the first run's product instead of adding another. */
const offer = async (api: HttpClient, token: string, body: (typeof offers)[number]): Promise<void> => {
	const answer = await api.post("/v1/products", body, { token, headers: { "idempotency-key": `seed ${body.name}` } });
	if (answer.status !== 201) throw new Error(`${body.name}: ${answer.text}`);
};

const seed = async (api: HttpClient): Promise<void> => {
	for (const person of people) {
		const token = await register(api, person);
		if (person.role === "seller") for (const body of offers) await offer(api, token, body);
	}
	console.log("A buyer and a seller to play with:");
	for (const { role, email, password } of people) console.log(`  ${role.padEnd(6)}  ${email}  password: ${password}`);
};

const isRunning = async (url: string): Promise<boolean> => {
	try {
		return (await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) })).ok;
	} catch {
		return false; // nobody listens there
	}
};

/** Nobody serves these data right now: a node of our own does for a moment, on any free port. */
const seedInto = async (): Promise<void> => {
	Object.assign(process.env, { PORT: "0", HOST: "127.0.0.1", SERVICES: "" });
	const settings = profile();
	const node = await startNode(settings);
	try {
		const url = localUrl(settings, node.port ?? 0);
		await untilReady(url, console.warn, AbortSignal.timeout(30_000));
		await seed(httpClient(url));
	} finally {
		await node.stop();
	}
};

const main = async (): Promise<void> => {
	commandLine(
		"npm run seed\n\nA buyer and a seller to play with, in the Souk that runs on PORT, or else straight into the data under DATA_DIR.",
		{},
		() => undefined,
	);
	readEnvFile();
	// Not profile(), which would be fixed from here on.
	const asked = readEnvironment(process.env);
	const url = localUrl(asked, asked.port);
	if (await isRunning(url)) return seed(httpClient(url));
	if (asked.kind === "cluster")
		throw new Refusal(`nothing answers at ${url}: start the cluster's gateway first, or set PORT and HOST`);
	await seedInto();
};

main().then(() => process.exit(), refuse);

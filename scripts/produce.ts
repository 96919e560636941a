import { readEnvironment } from "../config/environment.ts";
import { httpClient, login } from "../test/support/http.ts";
import { commandLine, UsageError } from "./node/command-line.ts";
import { readEnvFile } from "./node/env-file.ts";
import { localUrl } from "./node/readiness.ts";
import { Refusal, refuse } from "./node/refusal.ts";
import { documents } from "./produce/documents.ts";
import { pacer } from "./produce/pace.ts";
import { progress } from "./produce/progress.ts";
import { Tally } from "./produce/tally.ts";
import { toHttp } from "./produce/to-http.ts";

// npm run produce -- --rate 100 --count 1000 --invalid 0.2 --to http: order documents for the intake of a Souk that runs, some of them
// wrong on purpose. Exit code 1 if the service took in or refused another one than it should have.

const usage = `npm run produce -- [--count 1000] [--rate 100] [--invalid 0.2] [--to http|bus] [--seed N] [--url http://…] [--email … --password …]

  --count     how many documents
  --rate      of them a second; 0 is as fast as it goes
  --invalid   the share of them that is wrong on purpose, from 0 to 1
  --to        http: POST /v1/orders/intake; bus: JetStream, which needs TRANSPORTER as the nodes have it
  --seed      the same seed makes the same documents; without it one is drawn, and shown
  --url       of the Souk that runs; without it, where PORT and HOST say
  --email, --password   of an admin; without them ADMIN_EMAIL and ADMIN_PASSWORD`;

const known = {
	count: { type: "string", default: "1000" },
	rate: { type: "string", default: "100" },
	invalid: { type: "string", default: "0.2" },
	to: { type: "string", default: "http" },
	seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
	url: { type: "string" },
	email: { type: "string" },
	password: { type: "string" },
} as const;

const numberIn = (name: string, text: string, from: number, to: number, whole: boolean): number => {
	const value = text.trim() === "" ? Number.NaN : Number(text);
	if (value >= from && value <= to && (!whole || Number.isInteger(value))) return value;
	throw new UsageError(`--${name} takes a ${whole ? "whole " : ""}number from ${from} to ${to}`);
};

const options = () =>
	commandLine(usage, { options: known }, ({ values: { count, rate, invalid, seed, to, ...rest } }) => {
		if (to !== "http" && to !== "bus") throw new UsageError("--to takes http or bus");
		return {
			...rest,
			to,
			count: numberIn("count", count, 0, 10_000_000, true),
			rate: numberIn("rate", rate, 0, 1_000_000, false),
			invalid: numberIn("invalid", invalid, 0, 1, false),
			seed: numberIn("seed", seed, 0, Number.MAX_SAFE_INTEGER / 2_000_006, true),
		};
	});

const adminToken = async (url: string, email: string | undefined, password: string | undefined): Promise<string> => {
	if (!email || !password) throw new Refusal("whose documents? Set ADMIN_EMAIL and ADMIN_PASSWORD, or --email and --password");
	try {
		return (await login(httpClient(url), email, password)).token;
	} catch (error) {
		throw new Refusal(`no login at ${url}: ${error instanceof Error ? error.message : error}`);
	}
};

const main = async (): Promise<void> => {
	const { to, count, rate, seed, invalid, ...who } = options();
	readEnvFile();
	const profile = readEnvironment(process.env);
	const url = who.url ?? localUrl(profile, profile.port);
	const { ADMIN_EMAIL, ADMIN_PASSWORD } = process.env;
	const token = await adminToken(url, who.email ?? ADMIN_EMAIL, who.password ?? ADMIN_PASSWORD);
	if (to === "bus" && profile.transporter === null)
		throw new Refusal("--to bus needs a cluster: set TRANSPORTER as its nodes have it");
	console.log(`${count} documents to ${to}, seed ${seed}`);
	const tally = new Tally();
	const way = { tally, due: pacer(rate), moved: progress(tally, count) };
	const began = performance.now();
	const made = documents({ count, invalid, seed });
	if (profile.transporter !== null && to === "bus") {
		const { toBus } = await import("./produce/to-bus.ts");
		await toBus({ transporter: profile.transporter, keyPrefix: profile.keyPrefix, url, token }, made, way);
	} else await toHttp({ url, token }, made, way);
	console.log(tally.summary((performance.now() - began) / 1000));
	process.exitCode = tally.asExpected ? 0 : 1;
};

main().then(() => process.exit(), refuse);

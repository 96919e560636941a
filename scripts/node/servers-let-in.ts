import { connect } from "node:tls";
import { natsOptions, redisOptions } from "../../config/connections.ts";
import type { Profile } from "../../config/profile-type.ts";
import { redactText } from "../../config/redact.ts";
import { Refusal } from "./refusal.ts";

// Whether NATS, MongoDB and Redis let this node in, asked once before it starts. One that is away comes back, and is waited for or done without;
// one that refuses us will refuse us for as long as the settings are as they are, and the drivers would ask for ever without a word.

/** How long an answer may take, in ms. Who is slower is away. */
const patienceMs = 2_000;

/** Each as the library behind it says it: what they are refused for, not that nobody is there. */
const refusedLogin = /authoriz|authentic|WRONGPASS|NOAUTH|NOPERM|no username|invalid.*password|nkey|jwt/i;
const refusedTls = /certificate|self.signed|_CERT_|ERR_TLS|SSL|TLS|alert|wrong version|SERVER_OPTION_NA|altname/i;

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? "");

/** All that an error and those below it say. */
const saidBy = (error: unknown): string => {
	if (!(error instanceof Error)) return String(error);
	const { cause, reason, chainedError } = error as { cause?: unknown; reason?: { servers?: Map<string, { error?: unknown }> }; chainedError?: unknown }; // biome-ignore format: one line
	const servers = [...(reason?.servers?.values() ?? [])].map((server) => server.error);
	const below = [cause, chainedError, ...servers].filter((one) => one instanceof Error && one !== error);
	return [`${error.message} ${codeOf(error)}`, ...below.map(saidBy)].join(" ");
};

interface Server {
	readonly variable: string;
	readonly what: string;
	/** What of the environment may be wrong. */
	readonly login: string;
	readonly tls: string;
	ask(): Promise<void>;
}

const refusalOf = ({ variable, what, login, tls }: Server, error: unknown): string | null => {
	const said = saidBy(error);
	// Credentials never stand in what libraries say; where they do all the same, they are not repeated.
	const detail = redactText(error instanceof Error ? error.message : said).split("\n")[0];
	if (refusedLogin.test(said)) return `${what} does not let this node in (${detail}): look at ${login} of ${variable}`;
	if (refusedTls.test(said)) return `${what} and this node do not agree on TLS (${detail || codeOf(error)}): look at ${tls}`;
	return null;
};

const nats = (url: string): Server => ({
	variable: "TRANSPORTER",
	what: "NATS",
	login: "the user and the password, or NATS_CREDS and NATS_NKEY, instead",
	tls: "the scheme of TRANSPORTER (tls://), NATS_CA, NATS_CERT and NATS_KEY",
	async ask() {
		const nats = await import("nats");
		const once = { waitOnFirstConnect: false, maxReconnectAttempts: 0, reconnect: false, timeout: patienceMs };
		const connection = await nats.connect({ ...natsOptions(url, "souk start"), ...once });
		await connection.close();
	},
});

/** How long a server may take after the handshake to say that it wants a certificate, in ms: TLS 1.3 has that come last. */
const lastWordMs = 100;

/**
 * Shakes hands and says nothing. Redis closes on whom it does not want, and who writes meanwhile, as its clients do, gets a reset instead of the alert
 * that says why.
 */
const listened = ({ host, port, tls }: ReturnType<typeof redisOptions>): Promise<void> =>
	new Promise((resolve, reject) => {
		if (!tls) return resolve();
		const socket = connect({ host, port, ...tls });
		const end = (act: () => void): void => {
			clearTimeout(timer);
			socket.destroy();
			act();
		};
		let timer = setTimeout(() => end(() => reject(new Error("no answer"))), patienceMs);
		socket.once("error", (error) => end(() => reject(error)));
		socket.once("secureConnect", () => {
			clearTimeout(timer);
			timer = setTimeout(() => end(resolve), lastWordMs);
		});
	});

const redis = (url: string): Server => ({
	variable: "REDIS_URL",
	what: "Redis",
	login: "the user and the password",
	tls: "the scheme of REDIS_URL (rediss://), REDIS_CA, REDIS_CERT and REDIS_KEY",
	async ask() {
		await listened(redisOptions(url));
		const { Redis } = await import("ioredis");
		const bounds = { connectTimeout: patienceMs, commandTimeout: patienceMs, maxRetriesPerRequest: 0 };
		const client = new Redis({ ...redisOptions(url), ...bounds, lazyConnect: true, retryStrategy: () => null });
		let first: Error | undefined;
		client.on("error", (error: Error) => {
			first ??= error;
		});
		try {
			await client.connect();
			await client.ping();
		} catch (error) {
			// What ended the connection comes as an event; the promise only says that it has ended.
			throw first ?? error;
		} finally {
			client.disconnect();
		}
	},
});

const mongo = (url: string): Server => ({
	variable: "MONGO_URL",
	what: "MongoDB",
	login: "the user and the password",
	tls: "tls=true in MONGO_URL, MONGO_CA and MONGO_CERT",
	async ask() {
		const { MongoClient } = await import("mongodb");
		const client = new MongoClient(url, { serverSelectionTimeoutMS: patienceMs, connectTimeoutMS: patienceMs });
		try {
			// It needs a right, unlike a ping: a server that wants a login is found out.
			await client.db("souk").listCollections({}, { nameOnly: true }).toArray();
		} finally {
			await client.close();
		}
	},
});

/** A server that closes on us may cut off its own last word, which says why. */
const cutShort = /ECONNRESET|EPIPE|closed|socket hang up|DISCONNECT/i;
const mostTries = 3;

/** Why it refuses us, or null. */
const hear = async (server: Server): Promise<string | null> => {
	for (let tries = 1; ; tries += 1) {
		try {
			await server.ask();
			return null;
		} catch (error) {
			const refusal = refusalOf(server, error);
			if (refusal !== null || tries === mostTries || !cutShort.test(saidBy(error))) return refusal;
		}
	}
};

/** Throws `Refusal` with a line for each that refuses us. Costs a connection to each. */
export const serversLetIn = async ({ transporter, redisUrl, store }: Pick<Profile, "transporter" | "redisUrl" | "store">) => {
	const servers = [
		...(transporter === null ? [] : [nats(transporter)]),
		...(store.kind === "mongo" ? [mongo(store.url)] : []),
		...(redisUrl === null ? [] : [redis(redisUrl)]),
	];
	const refused = await Promise.all(servers.map(hear));
	const lines = refused.filter((line) => line !== null);
	if (lines.length > 0) throw new Refusal(lines.join("\n"));
};

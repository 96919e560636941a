import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { connect, nkeys } from "nats";
import { natsOptions, redisOptions } from "../../config/connections.ts";
import { readEnvironment } from "../../config/environment.ts";
import { serversLetIn } from "../../scripts/node/servers-let-in.ts";
import { authority } from "../support/certificates.ts";
import { freePort } from "../support/free-port.ts";
import { httpClient } from "../support/http.ts";
import { openMarket } from "../support/market.ts";
import { needs, needsCommand, type RunningServer, startMongod } from "../support/servers.ts";
import { testSettings } from "../support/settings.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import {
	filesOf,
	secrets,
	startNkeyNats,
	startTlsNats,
	startTlsRedis,
	type TlsServer,
	tlsBefore,
} from "../support/tls-servers.ts";

type Env = Record<string, string>;

const escaped = (text: string): string => encodeURIComponent(text);

describe("Servers that want TLS, a certificate and a password", function () {
	this.timeout(60_000);
	let dir: string;
	let nats: Awaited<ReturnType<typeof startTlsNats>>;
	let redis: TlsServer;
	let mongo: TlsServer;
	let mongod: RunningServer;
	/** With which a node is let in everywhere. */
	let right: Env;
	/** Of another authority, which signed nothing here. */
	let stranger: string;
	const started: TlsServer[] = [];

	before(async function () {
		needs(this, "nats", "redis", "mongod");
		needsCommand(this, "openssl");
		dir = await tempDir("tls");
		const own = await authority(dir);
		const files = await filesOf(dir, own);
		const client = await own.issue("client");
		stranger = (await authority(dir, "stranger")).ca;
		mongod = await startMongod();
		[nats, redis, mongo] = await Promise.all([startTlsNats(files), startTlsRedis(files), tlsBefore(mongod.port, files)]);
		started.push(nats, redis, mongo);
		const both = join(dir, "client-both.pem");
		await writeFile(both, (await Promise.all([client.cert, client.key].map((path) => readFile(path, "utf8")))).join(""));
		const login = `${secrets.user}:${escaped(secrets.password)}`;
		right = {
			TRANSPORTER: `tls://${login}@127.0.0.1:${nats.port}`,
			NATS_CA: own.ca,
			NATS_CERT: client.cert,
			NATS_KEY: client.key,
			REDIS_URL: `rediss://${login}@127.0.0.1:${redis.port}`,
			REDIS_CA: own.ca,
			REDIS_CERT: client.cert,
			REDIS_KEY: client.key,
			MONGO_URL: `mongodb://127.0.0.1:${mongo.port}/souk_tls?directConnection=true`,
			MONGO_CA: own.ca,
			MONGO_CERT: both,
		};
	});
	after(async () => {
		await Promise.all(started.map((server) => server.stop()));
		await mongod?.stop();
		if (dir) await removeDir(dir);
	});

	/** Why a node with these settings would not start; null if it would. */
	const refusal = async (changes: Env = {}): Promise<string | null> => {
		try {
			await serversLetIn(readEnvironment({ ...right, ...changes }));
			return null;
		} catch (error) {
			assert.equal((error as Error).name, "Refusal", String(error));
			return (error as Error).message;
		}
	};

	it("serve a node that has all of it, on every connection that it opens", async () => {
		const node = new SoukProcess({
			...testSettings,
			...right,
			DATA_DIR: join(dir, "data"),
			KEY_PREFIX: "souk-tls",
			RATE_LIMIT_API: "1000/60",
		});
		try {
			await node.start();
			const market = await openMarket(httpClient(node.url));
			const { id } = await market.place({ payment: { method: "sandbox_success" } });
			await market.until(id, "paid"); // calls, JetStream, documents
			const { connections } = (await (await fetch(`http://127.0.0.1:${nats.monitor}/connz`)).json()) as { connections: { name: string; tls_version?: string }[] }; // biome-ignore format: one line
			assert.ok(connections.length >= 2 && connections.every(({ tls_version }) => tls_version), JSON.stringify(connections));
			// Redis listens to nothing but TLS; that it is there is said by health.
			const health = (await httpClient(node.url).get("/health")).body as { checks: { name: string; ok: boolean }[] };
			assert.deepEqual(health.checks.filter(({ ok }) => !ok), []); // biome-ignore format: one line
			assert.ok(health.checks.some(({ name }) => name === "redis"));
			const probe = new Redis(redisOptions(readEnvironment(right).redisUrl ?? ""));
			const clients = /connected_clients:(\d+)/.exec(await probe.info("clients"))?.[1];
			probe.disconnect();
			// The cacher, the cache of orders, limits of the gateway, of auth and of both kinds of sockets, and this one.
			assert.ok(Number(clients) >= 7, clients);
			assert.doesNotMatch(node.logs, /Redis is away|going on without/);
			for (const secret of [secrets.password, escaped(secrets.password)]) assert.ok(!node.logs.includes(secret));
		} finally {
			assert.deepEqual(await node.kill("SIGTERM"), { code: 0, signal: null });
		}
	});

	it("are told apart: whoever refuses is named, with what to look at, and without what is secret", async () => {
		assert.equal(await refusal(), null);
		const wrong = "not-the-passw0rd";
		const withWrong = (url = ""): string => url.replace(escaped(secrets.password), wrong);
		const cases: [Env, RegExp][] = [
			[
				{ TRANSPORTER: withWrong(right.TRANSPORTER) },
				/^NATS does not let this node in .*: look at the user and the password.* of TRANSPORTER$/,
			],
			[{ TRANSPORTER: `tls://127.0.0.1:${nats.port}` }, /^NATS does not let this node in/],
			[{ NATS_CA: stranger }, /^NATS and this node do not agree on TLS .*NATS_CA/],
			[{ NATS_CERT: "", NATS_KEY: "" }, /^NATS and this node do not agree on TLS .*NATS_CERT/],
			[
				{ REDIS_URL: withWrong(right.REDIS_URL) },
				/^Redis does not let this node in .*: look at the user and the password of REDIS_URL$/,
			],
			[{ REDIS_CA: stranger }, /^Redis and this node do not agree on TLS .*REDIS_CA/],
			[{ REDIS_CERT: "", REDIS_KEY: "" }, /^Redis and this node do not agree on TLS .*REDIS_CERT/],
			[{ MONGO_CA: stranger }, /^MongoDB and this node do not agree on TLS .*MONGO_CA/],
			[{ MONGO_CERT: "" }, /^MongoDB and this node do not agree on TLS .*MONGO_CERT/],
		];
		const said = await Promise.all(cases.map(([changes]) => refusal(changes)));
		for (const [at, [changes, wanted]] of cases.entries()) assert.match(said[at] ?? "let in", wanted, JSON.stringify(changes));
		assert.doesNotMatch(said.join(), new RegExp(`${wrong}|${escaped(secrets.password)}`));
		const all = await refusal({ NATS_CA: stranger, REDIS_CA: stranger });
		assert.equal(all?.split("\n").length, 2);
	});

	it("let in by NATS with an NKEY instead of a password", async () => {
		const pair = nkeys.createUser();
		const seed = join(dir, "user.nk");
		await writeFile(seed, `${new TextDecoder().decode(pair.getSeed())}\n`);
		const server = await startNkeyNats(dir, pair.getPublicKey());
		started.push(server);
		const env = { ...right, TRANSPORTER: `nats://127.0.0.1:${server.port}`, NATS_CA: "", NATS_CERT: "", NATS_KEY: "" };
		const { transporter } = readEnvironment({ ...env, NATS_NKEY: seed });
		const connection = await connect(natsOptions(transporter ?? "", "test"));
		await connection.flush();
		await connection.close();
		assert.match((await refusal(env)) ?? "let in", /^NATS does not let this node in .*NATS_NKEY/);
	});

	it("end the start of a node that they refuse, at once; one that is away does not", async () => {
		const refused = new SoukProcess({ ...testSettings, ...right, DATA_DIR: join(dir, "data"), REDIS_CA: stranger });
		refused.spawn();
		assert.equal((await refused.exited()).code, 1);
		assert.match(refused.logs, /Souk could not start: Redis and this node do not agree on TLS/);
		const nobody = await freePort();
		assert.equal(await refusal({ TRANSPORTER: `tls://127.0.0.1:${nobody}`, REDIS_URL: `rediss://127.0.0.1:${nobody}` }), null);
	});
});

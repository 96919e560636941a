// Makes what the servers and nodes of docker/compose.yaml know of each other and nobody else: once, at the first start, into volumes of which
// each container sees its own. A later start writes the same again. `docker compose down --volumes` forgets them, with all data.
//   node secrets.mjs [folder]

import { createHmac, randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2] ?? "/secrets";

/** Who reads the files of each volume: the user of its container. */
const readers = { seed: 0, souk: 10001, mongo: 999, nats: 1000, redis: 999, nui: 1001, grafana: 472 };

const isRoot = process.getuid?.() === 0;

const write = (volume, name, text) => {
	const path = join(folder, volume, name);
	mkdirSync(join(folder, volume), { recursive: true });
	// Replaced, not opened: it belongs to somebody else, who alone may read it.
	rmSync(path, { force: true });
	writeFileSync(path, text, { mode: 0o400 });
	if (isRoot) chownSync(path, readers[volume], readers[volume]);
};

const seedPath = join(folder, "seed", "seed");
if (!existsSync(seedPath)) write("seed", "seed", randomBytes(32).toString("hex"));
const seed = readFileSync(seedPath, "utf8");

/** The same for the same name, and of no use for any other. Letters, digits, - and _: it needs no quoting anywhere. */
const secret = (name, bytes = 32) => createHmac("sha512", seed).update(name).digest().subarray(0, bytes).toString("base64url");

const natsServers = ["nats-1", "nats-2", "nats-3"];
const natsUrls = natsServers.map((host) => `nats://souk:${secret("nats")}@${host}:4222`).join(",");
const members = ["mongo-1", "mongo-2", "mongo-3"].map((host) => `${host}:27017`).join(",");

write(
	"souk",
	"souk.env",
	[
		`TRANSPORTER=${natsUrls}`,
		`MONGO_URL=mongodb://souk:${secret("mongo")}@${members}/souk?replicaSet=souk&authSource=admin`,
		`REDIS_URL=redis://:${secret("redis")}@redis:6379`,
		"",
	].join("\n"),
);

// Base64 alone is what mongod takes.
write("mongo", "keyfile", createHmac("sha512", seed).update("keyfile").digest("base64"));
write("mongo", "root-password", secret("mongo-root"));
write("mongo", "souk-password", secret("mongo"));

const routes = natsServers.map((host) => `nats://route:${secret("nats-route")}@${host}:6222`);
write(
	"nats",
	"auth.conf",
	`accounts {
	SOUK { jetstream: enabled, users: [ { user: souk, password: "${secret("nats")}" } ] }
	SYS { users: [ { user: sys, password: "${secret("nats-sys")}" } ] }
}
system_account: SYS
cluster {
	name: souk
	listen: "0.0.0.0:6222"
	authorization { user: route, password: "${secret("nats-route")}", timeout: 2 }
	routes: [ ${routes.map((url) => `"${url}"`).join(", ")} ]
}
`,
);

write("redis", "auth.conf", `requirepass ${secret("redis")}\n`);
write("redis", "password", secret("redis"));

write("nui", "souk.json", JSON.stringify({ description: "Souk", url: natsUrls, user: "souk", password: secret("nats") }));

write("grafana", "admin-password", secret("grafana", 18));

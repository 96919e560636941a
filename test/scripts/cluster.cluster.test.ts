import assert from "node:assert/strict";
import { httpClient } from "../support/http.ts";
import { needsOwn } from "../support/servers.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const isAlive = (pid: number): boolean => {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false; // ESRCH: gone
	}
};

describe("npm run cluster", function () {
	this.timeout(120_000);
	let dataDir: string;
	let cluster: SoukProcess | undefined;
	before(async function () {
		needsOwn(this, "nats", "redis", "mongod");
		dataDir = await tempDir("npm-cluster");
	});
	afterEach(() => cluster?.kill());
	after(() => dataDir && removeDir(dataDir));

	const read = async (): Promise<string> => cluster?.logs ?? "";

	it("runs nine nodes, starts again the one that is killed, and ends all of them on one Ctrl-C", async () => {
		cluster = new SoukProcess({ DATA_DIR: dataDir }, "scripts/cluster.ts");
		cluster.spawn();
		const ready = await until("the cluster", read, (logs) => logs.includes("Ctrl-C ends all"), 90_000);
		const port = /cluster: http:\/\/localhost:(\d+)/.exec(ready)?.[1];
		const api = httpClient(`http://127.0.0.1:${port}`);
		assert.equal((await api.get("/health/ready")).status, 200);
		const pids = [...ready.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
		assert.equal(pids.length, 12, "three servers and nine nodes");

		const payment = Number(/payment-1 +pid (\d+)/.exec(ready)?.[1]);
		process.kill(payment, "SIGKILL");
		await until("payment-1 to be back", read, (logs) => logs.split("Souk node payment-1 runs").length === 3, 60_000);

		assert.deepEqual(await cluster.kill("SIGINT"), { code: 0, signal: null }, cluster.logs);
		assert.deepEqual(pids.filter(isAlive), []);
	});

	it("names each server that is missing", async () => {
		cluster = new SoukProcess({ DATA_DIR: dataDir, PATH: "/nowhere", REDIS_URL: "redis://127.0.0.1:1" }, "scripts/cluster.ts");
		cluster.spawn();
		assert.equal((await cluster.exited()).code, 1);
		assert.match(cluster.logs, /nats-server is not on PATH \(or set TRANSPORTER\); mongod is not on PATH \(or set MONGO_URL\)/);
	});
});

import assert from "node:assert/strict";
import { answers } from "./server-process.ts";
import { needsOwn, type RunningServer, startMongod, startNats, startRedis } from "./servers.ts";

const starters = { nats: startNats, redis: startRedis, mongod: startMongod } as const;

for (const name of ["nats", "redis", "mongod"] as const) {
	describe(`support: ${name} as a process of its own`, () => {
		let server: RunningServer | undefined;
		before(async function () {
			this.timeout(90_000);
			needsOwn(this, name);
			server = await starters[name]({ own: true });
		});
		after(() => server?.stop());

		it("is gone after kill and back on the same port after restart", async function () {
			this.timeout(90_000);
			assert.ok(server);
			const { pid, port } = server;
			await server.kill("SIGKILL");
			assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
			assert.equal(await answers(port, "", ""), false);
			await server.restart();
			assert.equal(server.port, port);
			assert.notEqual(server.pid, pid);
		});
	});
}

import { compileCache } from "../../scripts/test/compile-cache.ts";
import { stopSharedServers } from "./shared-servers.ts";

const grace = 5_000;

/** For the processes that suites start. Not in SoukProcess itself: benches start it too, and measure a first start. */
export const mochaGlobalSetup = (): void => {
	Object.assign(process.env, { ...compileCache(), ...process.env });
};

/**
 * After the last test the process must end by itself. If something still holds it (a socket, a timer, a child), that is named
 * and the run fails: `--exit` would have hidden it.
 */
export const mochaGlobalTeardown = async (): Promise<void> => {
	await stopSharedServers();
	setTimeout(() => {
		const held = Map.groupBy(process.getActiveResourcesInfo(), (name) => name);
		const list = [...held].map(([name, all]) => `${all.length} × ${name}`).join(", ");
		console.error(`The tests are over, but the process is still held by ${list}: a suite does not clean up after itself.`);
		// Mocha sets the exit code from the number of failures as the process ends; this listener comes after that one.
		process.on("exit", () => {
			process.exitCode = 1;
		});
		process.exit(1);
	}, grace).unref();
};

import { startSouk } from "../test/support/souk.ts";
import { Story } from "./demo/story.ts";
import { commandLine } from "./node/command-line.ts";

// npm run demo: a fresh Souk on a free port, a story told by real requests, and the truth about how it went as exit code.

const began = performance.now();
let last = began;
const tell = (line: string): void => {
	const now = performance.now();
	console.log(`${((now - began) / 1_000).toFixed(2).padStart(7)} s  +${(now - last).toFixed(0).padStart(4)} ms  ${line}`);
	last = now;
};

const main = async (): Promise<void> => {
	commandLine("npm run demo\n\nA fresh Souk on a free port, and a story told by real requests.", {}, () => undefined);
	const souk = await startSouk();
	tell(`Souk is ready on ${souk.url}, its data in ${souk.dataDir}`);
	try {
		await new Story(souk, tell).run();
	} catch (error) {
		console.error(`\nWhat the instance said:\n${souk.logs}`);
		throw error;
	} finally {
		const exit = await souk.stop();
		tell(`Souk drained and ended with code ${exit.code}`);
		if (exit.code !== 0) process.exitCode = 1;
	}
	console.log("\nEvery step went as it should.");
};

main().catch((error: unknown) => {
	console.error(`\nThe demo failed. ${error instanceof Error ? error.message : error}`);
	process.exitCode = 1;
});

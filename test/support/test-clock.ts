import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeDir, tempDir } from "./temp-dir.ts";

/** The time of all processes that are started with `env`, which they can be moved forward in together. */
export interface TestClock {
	readonly env: { readonly SOUK_TEST_CLOCK: string };
	/** Epoch ms, as they see it. */
	readonly now: number;
	/** They are so many ms further on, each within moments. */
	advance(ms: number): Promise<void>;
	remove(): Promise<void>;
}

export const testClock = async (): Promise<TestClock> => {
	const dir = await tempDir("clock");
	const file = join(dir, "offset");
	let offset = 0;
	const write = async (): Promise<void> => {
		await writeFile(`${file}.new`, String(offset));
		await rename(`${file}.new`, file); // nobody reads half a number
	};
	await write();
	return {
		env: { SOUK_TEST_CLOCK: file },
		get now() {
			return Date.now() + offset;
		},
		async advance(ms) {
			offset += ms;
			await write();
		},
		remove: () => removeDir(dir),
	};
};

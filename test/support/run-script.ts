import { type Exit, SoukProcess } from "./souk-process.ts";

/** Runs one of scripts/ to its end. `args` after its name, settings as for a node. */
export const runScript = async (
	script: string,
	args: readonly string[] = [],
	env: Record<string, string> = {},
): Promise<Exit & { output: string }> => {
	const child = new SoukProcess(env, `scripts/${script}`, args);
	child.spawn();
	try {
		const exit = await child.exited();
		return { ...exit, output: child.logs };
	} finally {
		await child.kill();
	}
};

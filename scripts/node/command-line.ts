import { type ParseArgsConfig, parseArgs } from "node:util";

/** EX_USAGE of sysexits.h. */
export const exitUsage = 64;

/** What was typed cannot be meant. The message names what is wrong; how it is used is shown below it. */
export class UsageError extends Error {
	override readonly name = "UsageError";
}

type Options = NonNullable<ParseArgsConfig["options"]>;
type Config<T extends Options> = { readonly options?: T; readonly allowPositionals?: boolean };

const parse = <T extends Options>({ options, allowPositionals = false }: Config<T>) =>
	parseArgs({ options: { ...(options as T), help: { type: "boolean", short: "h" } }, allowPositionals });

/**
 * What a script was called with, checked by `check`, which throws `UsageError`s. `--help` shows `usage` and ends the process; so does what
 * was mistyped, with the reason and exit code 64.
 */
export const commandLine = <T extends Options, R>(
	usage: string,
	config: Config<T>,
	check: (given: ReturnType<typeof parse<T>>) => R,
): R => {
	try {
		const given = parse(config);
		if ((given.values as { help?: boolean }).help) {
			console.log(usage);
			process.exit(0);
		}
		return check(given);
	} catch (error) {
		const mistyped = error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
		if (!mistyped) throw error;
		console.error(`${(error as Error).message}\n\n${usage}`);
		return process.exit(exitUsage);
	}
};

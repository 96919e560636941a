import { SettingsError } from "../../config/environment.ts";

/** EX_CONFIG of sysexits.h: a supervisor that restarts on failure can tell a mistake in the settings from a crash. */
export const exitConfig = 78;

/** Says why this process cannot start, in words for the person who started it, and ends it. */
export const refuse = (error: unknown): never => {
	if (error instanceof SettingsError) {
		console.error(error.message);
		process.exit(exitConfig);
	}
	const reason = error instanceof Error ? error.message : String(error);
	console.error(`Souk could not start: ${reason}`);
	if (error instanceof Error && ["debug", "trace"].includes(process.env.LOG_LEVEL ?? "")) console.error(error.stack);
	else console.error("LOG_LEVEL=debug shows where.");
	process.exit(1);
};

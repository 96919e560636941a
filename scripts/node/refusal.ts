import { SettingsError } from "../../config/environment.ts";

/** EX_CONFIG of sysexits.h: a supervisor that restarts on failure can tell a mistake in the settings from a crash. */
export const exitConfig = 78;

/** A reason that says all there is to say: no place in the code makes it clearer. */
export class Refusal extends Error {
	override readonly name = "Refusal";
}

/** Errors whose message tells a person what to do. By name: most are thrown deep inside of a service. */
const plain = new Set([
	"Refusal",
	"DataFolderInUse",
	"DataFolderUnusable",
	"BadKeySet",
	"UnfitDkim",
	"UnknownCollections",
	"NeedsCluster",
]);

/** Says why this process cannot do what it was started for, in words for the person who started it, and ends it. */
export const refuseTo =
	(failure: string) =>
	(error: unknown): never => {
		if (error instanceof SettingsError) {
			console.error(error.message);
			process.exit(exitConfig);
		}
		const reason = error instanceof Error ? error.message : String(error);
		console.error(`${failure}: ${reason}`);
		if (error instanceof Error && !plain.has(error.name)) console.error(error.stack);
		process.exit(1);
	};

export const refuse = refuseTo("Souk could not start");

import { readEnvironment } from "./environment.ts";
import type { Profile } from "./profile-type.ts";

let current: Profile | undefined;

/** The profile of this process: read from the environment once, frozen. Throws `SettingsError`, which names every wrong variable. */
export const profile = (): Profile => {
	current ??= readEnvironment(process.env);
	return current;
};

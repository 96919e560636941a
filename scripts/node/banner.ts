import type { Profile } from "../../config/profile-type.ts";
import { chosenServices } from "./services.ts";

const storeLine = (profile: Profile): string =>
	profile.store.kind === "mongo" ? "MongoDB" : `an embedded database under ${profile.store.dataDir}`;

const loginLine = (profile: Profile): string =>
	profile.admin
		? `as ${profile.admin.email} with ADMIN_PASSWORD`
		: "as the admin whose password was printed at the first start, or run `npm run seed` for a buyer and a seller";

/** What a person needs to know when all is ready. Never a password. */
export const banner = (profile: Profile, port: number | null, nodeID: string, seconds: number): string => {
	const services = chosenServices(profile).join(", ");
	if (port === null) return `Souk node ${nodeID} runs ${services}; ready in ${seconds.toFixed(1)} s.`;
	const url = `http://localhost:${port}`;
	return [
		"",
		`  Souk is ready in ${seconds.toFixed(1)} s: ${url}`,
		`  Web client ${url}/`,
		`  API page   ${url}/docs   (OpenAPI: ${url}/openapi.json)`,
		`  Log in     POST ${url}/v1/auth/login`,
		`             ${loginLine(profile)}`,
		`  Runs       ${services} on ${storeLine(profile)}`,
		"  Stop       Ctrl-C",
		"",
	].join("\n");
};

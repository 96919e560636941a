import type { ServiceBroker, ServiceSchema } from "moleculer";
import type { Profile } from "../../config/profile-type.ts";
import { clusterOnly, serviceNames } from "../../config/variables.ts";

/** All that there are in such a profile. */
export const servicesOf = ({ kind }: Pick<Profile, "kind">): readonly string[] =>
	kind === "cluster" ? serviceNames : serviceNames.filter((name) => !clusterOnly.includes(name));

export const chosenServices = ({ kind, services }: Profile): readonly string[] =>
	services === "all" ? servicesOf({ kind }) : services;

/** services/<name>/<name>.service.ts. A path of our own making, because Moleculer's runner looks for `.service.js`. */
export const loadSchema = async (name: string): Promise<ServiceSchema> => {
	const module: { default: ServiceSchema } = await import(
		new URL(`../../services/${name}/${name}.service.ts`, import.meta.url).href
	);
	return module.default;
};

export const createServices = async (broker: ServiceBroker, profile: Profile): Promise<void> => {
	for (const schema of await Promise.all(chosenServices(profile).map(loadSchema))) broker.createService(schema);
};

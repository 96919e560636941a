import { ServiceBroker } from "moleculer";
import type { Profile } from "../../config/profile-type.ts";
import { StoreControl } from "../../mixins/store/store.ts";
import { setStoreProfile } from "../../mixins/store/store-profile.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import { loadSchema } from "../node/services.ts";

export interface ServiceStores {
	service: string;
	stores: readonly StoreControl[];
}

/**
 * The stores of each service, open, but the services not started: their schemas are the only place that says which collections
 * and indexes there are. A service without a store is left out.
 */
export const openServiceStores = async (
	profile: Profile,
	names: readonly string[],
): Promise<{ services: ServiceStores[]; close: () => Promise<void> }> => {
	const broker = new ServiceBroker({
		...brokerOptions(profile),
		transporter: null,
		cacher: null,
		logger: false,
		skipProcessEventRegistration: true,
		// The indexes are what this is about: opening must not make them.
		created: () => setStoreProfile({ ...profile.store, autoMigrate: false }),
	});
	const services: ServiceStores[] = [];
	for (const name of names) {
		const service = broker.createService(await loadSchema(name));
		const stores = Object.values(service).filter((value) => value instanceof StoreControl);
		for (const store of stores) await store.open();
		if (stores.length > 0) services.push({ service: name, stores });
	}
	const close = async (): Promise<void> => {
		for (const { stores } of services) for (const store of stores) await store.close();
	};
	return { services, close };
};

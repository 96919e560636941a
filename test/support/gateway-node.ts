import type { AddressInfo } from "node:net";
import type { BrokerOptions, ServiceBroker, ServiceSchema } from "moleculer";
import { readEnvironment } from "../../config/environment.ts";
import type { Profile } from "../../config/profile-type.ts";
import { domainErrors } from "../../middlewares/domain-errors.ts";
import { drain } from "../../middlewares/drain.ts";
import { placement } from "../../middlewares/placement.ts";
import { requestId } from "../../middlewares/request-id.ts";
import { TypeBoxValidator } from "../../middlewares/typebox-validator.ts";
import { type GatewayOptions, gateway } from "../../services/gateway/gateway.service.ts";
import { Brokers } from "./brokers.ts";
import { type FakeAuth, fakeAuth } from "./fake-auth.ts";
import { type HttpClient, httpClient } from "./http.ts";
import { testSettings } from "./settings.ts";
import { until } from "./until.ts";

/** A gateway on a free port with tokens that tests sign and services that tests make up. */
export interface GatewayNode {
	api: HttpClient;
	auth: FakeAuth;
	broker: ServiceBroker;
	/** Token of somebody. */
	token(userId: string, ...roles: string[]): Promise<string>;
}

export interface GatewayNodeOptions extends GatewayOptions {
	profile?: Partial<Profile>;
	services?: ServiceSchema[];
	broker?: BrokerOptions;
	/** Do not wait until /health/ready says 200. */
	unready?: true;
	auth?: FakeAuth;
}

export const urlOf = (broker: ServiceBroker): string => {
	const { server } = broker.getLocalService("gateway") as unknown as { server: { address(): AddressInfo } };
	return `http://127.0.0.1:${server.address().port}`;
};

/** Gateways that end with the suite: `after(nodes.stopAll)`. */
export class GatewayNodes {
	readonly #brokers = new Brokers();
	readonly stopAll = this.#brokers.stopAll;

	async start(options: GatewayNodeOptions = {}): Promise<GatewayNode> {
		const { profile, services = [], broker: brokerOptions, unready, auth = await fakeAuth(), ...gatewayOptions } = options;
		const complete: Profile = { ...readEnvironment(testSettings), host: "127.0.0.1", port: 0, ...profile };
		const broker = await this.#brokers.start(
			{
				tracking: { enabled: true },
				requestTimeout: 5_000,
				...brokerOptions,
				validator: new TypeBoxValidator(),
				middlewares: [domainErrors(), requestId(), drain(), placement()],
			},
			auth.schema,
			...services,
			gateway(complete, gatewayOptions),
		);
		const api = httpClient(urlOf(broker));
		const token = (userId: string, ...roles: string[]) =>
			auth.sign({ sub: userId, roles: roles.length > 0 ? roles : ["buyer"], sid: `session-of-${userId}` });
		const node = { api, auth, broker, token };
		if (!unready)
			await until(
				"the gateway to be ready",
				() => api.get("/health/ready"),
				({ status }) => status === 200,
			);
		return node;
	}
}

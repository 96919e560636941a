import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServiceSchema } from "moleculer";
import { profile as currentProfile } from "../../config/profile.ts";
import type { Profile } from "../../config/profile-type.ts";
import { routes as allRoutes, type Route } from "../../contracts/http/index.ts";
import { accessTokens } from "../../mixins/access-token/index.ts";
import { durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import { scrape, scrapeType } from "../../mixins/metrics/metrics.ts";
import { gatewayDoor } from "../../mixins/placement/gateway-door.mixin.ts";
import { type Page, rest } from "../../mixins/rest/rest.mixin.ts";
import { staticFile } from "../../mixins/rest/static-file.ts";
import { serviceKeys } from "../../mixins/service-key/index.ts";
import manifest from "../../package.json" with { type: "json" };
import { asyncApi } from "./asyncapi.ts";
import { deadLetterActions } from "./dead-letters.mixin.ts";
import { healthActions } from "./health.mixin.ts";
import { olderChat } from "./older/chat.mixin.ts";
import { olderCustomers } from "./older/customers.mixin.ts";
import { olderNotifications } from "./older/notifications.mixin.ts";
import { olderShop } from "./older/shop.mixin.ts";
import { openApi } from "./openapi.ts";
import { operating } from "./operating.mixin.ts";
import { type Document, documents } from "./pages.ts";
import { servicesBehind } from "./readiness.ts";
import { watching } from "./watching.mixin.ts";
import { isBuilt, webPages } from "./web/web-files.ts";
import { webSession } from "./web/web-session.ts";

export interface GatewayOptions {
	routes?: readonly Route[];
	/** Where the build of the web client is. */
	web?: string;
}

const asPage = (document: (params: Readonly<Record<string, string>>) => Document | null): Page => {
	return (params) => {
		const found = document(params);
		if (!found) return null;
		const headers = { "Content-Type": found.type, "Cache-Control": "no-cache" };
		return {
			status: 200,
			headers: found.policy ? { ...headers, "Content-Security-Policy": found.policy } : headers,
			body: found.body,
		};
	};
};

/** Made when somebody asks first: a megabyte that most processes are never asked for. */
const once = (make: () => string): (() => string) => {
	let made: string | undefined;
	return () => (made ??= make());
};

const swaggerUi = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

/** In a cluster each node has a port for this, which nobody outside reaches. */
const metricsPage: Page = async () => ({
	status: 200,
	headers: { "Content-Type": scrapeType, "Cache-Control": "no-store" },
	body: await scrape(),
});

const webFolder = fileURLToPath(new URL("../../web/dist", import.meta.url));

const pages = (routes: readonly Route[], web: string, { publicUrl, keyPrefix, kind }: Profile): Record<string, Page> => {
	const info = { title: "Souk", version: manifest.version, description: "The realtime back end of a marketplace." };
	const made = documents(
		once(() => JSON.stringify(openApi(routes, info))),
		once(() => JSON.stringify(asyncApi({ info, publicUrl, prefix: keyPrefix }))),
	);
	return {
		...Object.fromEntries(Object.entries(made).map(([name, document]) => [name, asPage(document)])),
		...(kind === "embedded" && { "GET /metrics": metricsPage }),
		"GET /docs/swagger-ui.css": staticFile(join(swaggerUi, "swagger-ui.css"), "text/css; charset=utf-8"),
		"GET /docs/swagger-ui-bundle.js": staticFile(join(swaggerUi, "swagger-ui-bundle.js"), "text/javascript; charset=utf-8"),
		...webPages(web),
	};
};

/** The door for HTTP. Everything about a request is in mixins/rest; here is what this door stands in front of. */
export const gateway = (profile: Profile, { routes = allRoutes, web = webFolder }: GatewayOptions = {}): ServiceSchema => ({
	name: "gateway",
	mixins: [
		// First in the list, so last to start: HTTP tells that the bus is away instead of waiting for it.
		durableEvents({ settings: profile }),
		gatewayDoor(profile),
		rest({ profile, routes, pages: pages(routes, web, profile), handlers: webSession(profile.publicUrl.startsWith("https:")) }),
		accessTokens(),
		serviceKeys(),
		healthActions({ version: manifest.version, services: servicesBehind(routes, "gateway") }),
		deadLetterActions,
		operating,
		watching,
		olderShop,
		olderCustomers,
		olderChat,
		olderNotifications,
	] as ServiceSchema[],
	created() {
		if (!isBuilt(web)) this.logger.warn("There is no web client: `npm run build:web` makes it, a start after that serves it");
	},
});

export default gateway(currentProfile());

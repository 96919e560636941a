import type { DurableOptions } from "./port.ts";

declare module "../../node_modules/moleculer/src/service.js" {
	interface EventSchema {
		/** With it the event is a durable one: at least once, to one node of each group, retried, then a dead letter. */
		durable?: DurableOptions;
	}
}

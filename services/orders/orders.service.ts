import type { ServiceSchema, ServiceSettingSchema } from "moleculer";
import { batched } from "../../mixins/batching/batched.ts";
import { durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import { health } from "../../mixins/health/health.mixin.ts";
import { retention } from "../../mixins/retention/retention.mixin.ts";
import { Sequence } from "../../mixins/sequence/sequence.ts";
import { type StoreMethods, store } from "../../mixins/store/store.mixin.ts";
import { orderCaching } from "./caching.mixin.ts";
import { erasing, ordersRetention } from "./erasing.mixin.ts";
import { expiring, startExpiring } from "./expiring.mixin.ts";
import { orderIntake, startIntake } from "./intake.mixin.ts";
import { orderMoving } from "./moving.mixin.ts";
import {
	collections,
	type HoldKey,
	type OrdersCollections,
	type OrdersMembers,
	type OrdersService,
	requireStore,
} from "./orders-base.ts";
import { catchUpCodes, placing } from "./placing.mixin.ts";
import { orderReading } from "./reading.mixin.ts";
import { Recent } from "./recent.ts";
import { offerDemoProducts, selling } from "./selling.mixin.ts";
import { settling, startAsking } from "./settling.mixin.ts";
import { settleHolds } from "./stock.adapter.ts";
import { startKeepingStock } from "./stock-keeping.adapter.ts";

// Orders, their history and the catalogue. What it offers stands in the mixins beside this file, how it decides in the plain modules.

/** More are in flight at no time; a few KB each. */
const justPlacedLimit = 1_000;

const orders: ServiceSchema<ServiceSettingSchema, StoreMethods, OrdersMembers> = {
	name: "orders",
	// The store comes last: it is opened before all else starts and closed after all else has stopped.
	mixins: [
		placing,
		orderReading,
		orderMoving,
		orderIntake,
		selling,
		settling,
		expiring,
		erasing,
		health(function (this: OrdersMembers) {
			const groups = async (): Promise<GroupHealth[]> => (await this.bus?.health()) ?? [];
			return {
				checks: { store: () => requireStore(this.storeHealth()) },
				consumers: async () => [...(await groups()).filter(({ service }) => service === "orders"), ...this.retentionTrouble()],
			};
		}),
		durableEvents({ collections: ["orders"] }),
		retention<OrdersService>(ordersRetention),
		orderCaching,
		store<OrdersCollections>({ main: "orders", collections }),
	],

	created() {
		this.justPlaced = new Recent(justPlacedLimit);
	},

	async started() {
		this.productOf = batched(async (ids: readonly string[]) => {
			const found = await this.store.products.findByIds(ids);
			return new Map(found.map((product) => [product._id, product]));
		});
		this.settleHold = batched((keys: readonly HoldKey[]) => settleHolds(this, keys));
		this.codes = new Sequence(this.store.counters, "orders");
		await catchUpCodes.call(this);
		await offerDemoProducts.call(this);
		this.asking = startAsking(this);
		this.expiring = startExpiring(this);
		this.keepingStock = startKeepingStock(this);
		this.stopIntake = await startIntake(this);
	},

	async stopped() {
		await Promise.all([this.asking?.stop(), this.expiring?.stop(), this.keepingStock?.stop(), this.stopIntake?.()]);
	},
};

export default orders;

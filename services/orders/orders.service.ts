import type { ServiceSchema, ServiceSettingSchema } from "moleculer";
import { health } from "../../mixins/health/health.mixin.ts";
import type { LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import { Sequence } from "../../mixins/sequence/sequence.ts";
import { type StoreMembers, type StoreMethods, store } from "../../mixins/store/store.mixin.ts";
import { orderMoving } from "./moving.mixin.ts";
import { collections, type OrdersCollections, requireStore } from "./orders-base.ts";
import { catchUpCodes, placing } from "./placing.mixin.ts";
import { orderReading } from "./reading.mixin.ts";
import { offerDemoProducts, selling } from "./selling.mixin.ts";
import { settling, startAsking } from "./settling.mixin.ts";

// Orders, their history and the catalogue. What it offers stands in the mixins beside this file, how it decides in the plain modules.

type Vars = StoreMembers<OrdersCollections> & { codes: Sequence; asking: LeasedJob | undefined };

const orders: ServiceSchema<ServiceSettingSchema, StoreMethods, Vars> = {
	name: "orders",
	// The store comes last: it is opened before all else starts and closed after all else has stopped.
	mixins: [
		placing,
		orderReading,
		orderMoving,
		selling,
		settling,
		health(function (this: Vars) {
			return { checks: { store: () => requireStore(this.storeHealth()) } };
		}),
		store<OrdersCollections>({ main: "orders", collections }),
	],

	async started() {
		this.codes = new Sequence(this.store.counters, "orders");
		await catchUpCodes.call(this);
		await offerDemoProducts.call(this);
		this.asking = startAsking(this);
	},

	async stopped() {
		await this.asking?.stop();
	},
};

export default orders;

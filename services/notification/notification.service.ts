import type { ServiceSchema, ServiceSettingSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import { accessTokens } from "../../mixins/access-token/index.ts";
import { batched } from "../../mixins/batching/batched.ts";
import { durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import { health } from "../../mixins/health/health.mixin.ts";
import { retention } from "../../mixins/retention/retention.mixin.ts";
import { type StoreMethods, store } from "../../mixins/store/store.mixin.ts";
import { StoreStreamLog } from "../../mixins/stream-log/stream-log.ts";
import { streams } from "../../mixins/streams/streams.mixin.ts";
import { Bell } from "./bell.adapter.ts";
import { changes } from "./changes.mixin.ts";
import { ChatWindowKeeper } from "./chat-windows.adapter.ts";
import { delivering } from "./delivering.mixin.ts";
import { erasing } from "./erasing.mixin.ts";
import { moving } from "./moving.mixin.ts";
import { entryType } from "./notification.ts";
import {
	collections,
	type NotificationCollections,
	type NotificationMembers,
	type NotificationService,
} from "./notification-base.ts";
import { notificationHome } from "./notification-home.adapter.ts";
import { operating } from "./operating.mixin.ts";
import { choosing } from "./preferences.mixin.ts";
import { reading } from "./reading.mixin.ts";
import { notificationRetention } from "./retaining.adapter.ts";
import { Storing } from "./storing.adapter.ts";
import { Tails } from "./tails.ts";
import { TailsSaver } from "./tails-saver.adapter.ts";
import { telling } from "./telling.mixin.ts";

// Inboxes and what comes into them. What it offers stands in the mixins beside this file, how it decides in the plain modules.

/** Right after the store, before the first event comes. */
const withLog = {
	async started(this: NotificationService) {
		const { notifications, inboxes, preferences, chat_windows } = this.store;
		this.log = new StoreStreamLog(notifications);
		this.windows = new ChatWindowKeeper(chat_windows, profile().chatNotifyWindow);
		this.preferencesOf = batched(async (ids: readonly string[]) => {
			const found = await preferences.findByIds(ids);
			return new Map(found.map((row) => [row._id, row]));
		});
		const { logger } = this;
		const engine = () => this.engine;
		const now = () => new Date(clock.now()).toISOString();
		this.tails = new Tails();
		this.bell = new Bell({
			...{ inboxes, engine, log: this.log },
			failed: (error, stream) => logger.warn(`The devices of ${stream} were not told their counters:`, error),
		});
		const told = () => this.bus?.wants(entryType) ?? true;
		this.storing = new Storing({ ...{ engine, now, told, log: this.log, tails: this.tails }, read: this.bell.read });
		this.tailsSaver = new TailsSaver({
			...{ inboxes, now, tails: this.tails },
			failed: (error) => logger.warn("Where inboxes end was not written down:", error),
		});
	},
	async stopped(this: NotificationService) {
		await this.tailsSaver?.end();
	},
} as Partial<ServiceSchema>;

const notification: ServiceSchema<ServiceSettingSchema, StoreMethods, NotificationMembers> = {
	name: "notification",
	// Started from the last to the first and stopped the other way round.
	mixins: [
		telling,
		choosing,
		reading,
		moving,
		delivering,
		erasing,
		operating,
		changes,
		health(function (this: NotificationMembers) {
			const groups = async (): Promise<GroupHealth[]> => (await this.bus?.health()) ?? [];
			return {
				checks: { store: () => requireStore(this), "access-tokens": () => requireTokens(this) },
				consumers: async () => [
					...(await groups()).filter(({ service }) => service === "notification"),
					...this.retentionTrouble(),
				],
			};
		}),
		durableEvents({ collections: ["notifications"] }),
		retention<NotificationService>(notificationRetention),
		streams({
			ring: "notification",
			namespace: "/notifications",
			profile: profile(),
			home: (service) => notificationHome(service as NotificationService),
		}),
		accessTokens(),
		withLog,
		store<NotificationCollections>({ main: "inboxes", collections }),
	],
};

const requireStore = async ({ storeHealth }: NotificationMembers): Promise<void> => {
	const { ok, detail } = await storeHealth();
	if (!ok) throw new Error(detail ?? "the store does not answer");
};

/** Until then every socket would be refused, though for a moment only. */
const requireTokens = async (service: NotificationMembers): Promise<void> => {
	if (!service.accessTokensReady()) throw new Error("the keys are not known yet");
};

export default notification;

import type { ServiceSchema, ServiceSettingSchema } from "moleculer";
import { profile } from "../../config/profile.ts";
import { accessTokens } from "../../mixins/access-token/index.ts";
import { durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import { health } from "../../mixins/health/health.mixin.ts";
import { retention } from "../../mixins/retention/retention.mixin.ts";
import { type StoreMethods, store } from "../../mixins/store/store.mixin.ts";
import { StoreStreamLog } from "../../mixins/stream-log/stream-log.ts";
import { streams } from "../../mixins/streams/streams.mixin.ts";
import { hearing } from "./audience.mixin.ts";
import { changes } from "./changes.mixin.ts";
import { type ChatCollections, type ChatMembers, type ChatService, collections, countLater } from "./chat-base.ts";
import { chatHome } from "./chat-home.adapter.ts";
import { conversing } from "./conversing.mixin.ts";
import { CountSoon } from "./count-soon.adapter.ts";
import { Counting } from "./counting.adapter.ts";
import { chatRetention, erasing } from "./erasing.mixin.ts";
import { finding } from "./finding.mixin.ts";
import { LiveConversations } from "./live.adapter.ts";
import { members } from "./members.mixin.ts";
import { messaging } from "./messaging.mixin.ts";
import { operating } from "./operating.mixin.ts";

// Conversations and their messages. What it offers stands in the mixins beside this file, how it decides in the plain modules.

/** Right after the store, before the first event comes. */
const withLog = {
	async started(this: ChatService) {
		const { entries, conversations, memberships, blocks } = this.store;
		this.log = new StoreStreamLog(entries);
		this.counting = new Counting({ conversations, memberships, log: this.log });
		this.countSoon = new CountSoon((stream) => countLater(this, stream));
		this.live = new LiveConversations({
			conversations,
			blocks,
			namesOf: async (ids) => {
				const people = await this.broker.call<{ id: string; name: string }[], { ids: readonly string[] }>("auth.resolveMany", {
					ids,
				});
				return new Map(people.map(({ id, name }) => [id, name]));
			},
			now: () => performance.now(),
		});
	},
	/** Lists are sorted by what is counted: the next node should not find it behind. */
	async stopped(this: ChatService) {
		await this.countSoon?.end();
	},
} as Partial<ServiceSchema>;

const chat: ServiceSchema<ServiceSettingSchema, StoreMethods, ChatMembers> = {
	name: "chat",
	// Started from the last to the first and stopped the other way round.
	mixins: [
		conversing,
		members,
		messaging,
		finding,
		hearing,
		operating,
		erasing,
		changes,
		health(function (this: ChatMembers) {
			const groups = async (): Promise<GroupHealth[]> => (await this.bus?.health()) ?? [];
			return {
				checks: { store: () => requireStore(this), "access-tokens": () => requireTokens(this) },
				consumers: async () => [...(await groups()).filter(({ service }) => service === "chat"), ...this.retentionTrouble()],
			};
		}),
		durableEvents({ collections: ["entries", "conversations"] }),
		retention<ChatService>(chatRetention),
		streams({ ring: "chat", namespace: "/chat", profile: profile(), home: (service) => chatHome(service as ChatService) }),
		accessTokens(),
		withLog,
		store<ChatCollections>({ main: "conversations", collections }),
	],

	async started() {
		this.streams = this.engine;
	},
};

const requireStore = async ({ storeHealth }: ChatMembers): Promise<void> => {
	const { ok, detail } = await storeHealth();
	if (!ok) throw new Error(detail ?? "the store does not answer");
};

/** Until then every socket would be refused, though for a moment only. */
const requireTokens = async (chat: ChatMembers): Promise<void> => {
	if (!chat.accessTokensReady()) throw new Error("the keys are not known yet");
};

export default chat;

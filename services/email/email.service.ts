import { join } from "node:path";
import type { ServiceSchema, ServiceSettingSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import { profile as profileOfProcess } from "../../config/profile.ts";
import { insertTogether } from "../../mixins/batching/insert-together.ts";
import { type DurableEventsMembers, durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import { health } from "../../mixins/health/health.mixin.ts";
import { measured } from "../../mixins/metrics/metrics.ts";
import { retention } from "../../mixins/retention/retention.mixin.ts";
import { type StoreMethods, store } from "../../mixins/store/store.mixin.ts";
import { parseSender } from "./address.ts";
import { attemptMail, type Post } from "./attempting.adapter.ts";
import { chatMails } from "./chat-mails.mixin.ts";
import { composer } from "./composing.adapter.ts";
import { loadDkim } from "./dkim.adapter.ts";
import { collections, type EmailCollections, type EmailProfile, type EmailService, type EmailVars } from "./email-base.ts";
import { emlTransport } from "./eml.adapter.ts";
import { emailRetention, forgetting } from "./forgetting.mixin.ts";
import { lookUpOf } from "./looking-up.adapter.ts";
import { operating } from "./operating.mixin.ts";
import { queueHealth } from "./queue-health.ts";
import { queueing } from "./queueing.mixin.ts";
import { releasing } from "./releasing.mixin.ts";
import { Sending } from "./sending.adapter.ts";
import { smtpTransport } from "./smtp.adapter.ts";
import type { Transport } from "./transport.ts";
import { unsubscribing } from "./unsubscribing.mixin.ts";

// Mails. What has happened is queued here, and sent when its recipient may have it; what became of it is kept.

type Vars = EmailVars & DurableEventsMembers;

const openTransport = ({ logger, profile }: EmailService): Promise<Transport> | Transport => {
	const { smtpUrl, dataDir, kind } = profile;
	if (smtpUrl !== null) return smtpTransport(smtpUrl);
	const folder = join(dataDir, "mail");
	const where = `SMTP_URL is not set: mails become files in ${folder}`;
	if (kind === "cluster") logger.warn(`${where} of whichever node writes them`);
	else logger.info(where);
	return emlTransport(folder);
};

const openPost = async (service: EmailService): Promise<Post> => {
	const sender = parseSender(service.profile.mailFrom);
	const compose = composer(sender, loadDkim(service.profile));
	return { sender, compose, transport: await openTransport(service) };
};

const startSending = (service: EmailService & DurableEventsMembers, post: Post): Sending => {
	const { reconcileEvery, leaseTimeout, answerDeadline } = service.profile;
	return new Sending({
		mails: service.store.mails,
		attempt: (mail, signal) => attemptMail(service, post, mail, signal),
		width: post.transport.width,
		everyMs: reconcileEvery,
		claimFor: 3 * leaseTimeout,
		postponeFor: answerDeadline,
		told: (type) => service.bus?.wants(type) ?? true,
		logger: service.logger,
	});
};

/** After the store and the bus, so that it stops before them: what a server answers last is still written down. */
const sendingMails = (profile: EmailProfile | undefined) =>
	({
		/** Long before the first event. */
		created(this: EmailService) {
			this.profile = profile ?? profileOfProcess();
		},
		async started(this: EmailService & DurableEventsMembers) {
			this.post = await openPost(this);
			this.lookUp = lookUpOf(this);
			this.queueMails = insertTogether(this.store.mails);
			this.sending = startSending(this, this.post);
			const { mails } = this.store;
			this.endGauge = measured("mails_waiting", {}, () => mails.count({ dueAt: { $lte: clock.now() } }));
		},
		async stopped(this: EmailService) {
			this.endGauge?.();
			await this.sending?.stop();
			this.post?.transport.close();
		},
	}) as Partial<ServiceSchema>;

const requireStore = async ({ storeHealth }: EmailVars): Promise<void> => {
	const { ok, detail } = await storeHealth();
	if (!ok) throw new Error(detail ?? "the store does not answer");
};

export interface EmailOptions {
	/** Default: that of the process. */
	profile?: EmailProfile;
}

export const email = ({ profile }: EmailOptions = {}): ServiceSchema<ServiceSettingSchema, StoreMethods, Vars> => ({
	name: "email",
	// Started from the last to the first and stopped the other way round.
	mixins: [
		queueing,
		chatMails,
		unsubscribing,
		operating,
		forgetting,
		releasing,
		health(function (this: Vars) {
			const groups = async (): Promise<GroupHealth[]> => (await this.bus?.health()) ?? [];
			return {
				checks: { store: () => requireStore(this) },
				consumers: async () => [
					...(await groups()).filter(({ service }) => service === "email"),
					await queueHealth(this),
					...this.retentionTrouble(),
				],
			};
		}),
		sendingMails(profile),
		durableEvents({ collections: ["mails"] }),
		retention<EmailService>(emailRetention),
		store<EmailCollections>({ main: "mails", collections }),
	],
});

export default email();

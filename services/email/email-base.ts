import type { Service } from "moleculer";
import type { Profile } from "../../config/profile-type.ts";
import { mailRoutes } from "../../contracts/http/mails.ts";
import type { LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import type { RetentionMembers } from "../../mixins/retention/retention.mixin.ts";
import { routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { CollectionSpec, Document } from "../../mixins/store/port.ts";
import type { StoreMembers } from "../../mixins/store/store.mixin.ts";
import { outboxIndex, requestsIndex } from "../../mixins/store/versioned.ts";
import type { Post } from "./attempting.adapter.ts";
import type { MailWindows } from "./chat-window.ts";
import type { DigestItem, MailDigest } from "./digest.ts";
import type { LookUp } from "./looking-up.adapter.ts";
import type { Mail } from "./mail.ts";
import type { Sending } from "./sending.adapter.ts";

// What the parts of this service (the *.mixin.ts files beside it) share: its collections and its `this`.

/** An address that takes no mail. Its id is a hash: of those who leave, no address stays. */
export interface Suppression extends Document {
	reason: string;
	/** ISO 8601. */
	at: string;
	/** Of the mail that found out, and of whom it was for. */
	mailId: string;
	userId?: string;
}

/** A secret that all nodes share, made by the first that needs it. */
export interface MailSecret extends Document {
	/** base64url. */
	secret: string;
}

export interface EmailCollections {
	mails: Mail;
	mail_suppressions: Suppression;
	mail_secrets: MailSecret;
	mail_windows: MailWindows;
	mail_digests: MailDigest;
	mail_digest_items: DigestItem;
	leases: LeaseDocument;
}

export const collections: { readonly [K in keyof EmailCollections]: CollectionSpec } = {
	mails: {
		indexes: [
			{ name: "due", fields: [["dueAt", 1]], sparse: true },
			{ name: "list", fields: [["listKey", -1]] },
			{
				name: "status",
				fields: [
					["status", 1],
					["listKey", -1],
				],
			},
			{
				name: "user",
				fields: [
					["userId", 1],
					["listKey", -1],
				],
			},
			{ name: "remove_at", fields: [["removeAt", 1]], sparse: true },
			{ name: "writer", fields: [["data.senderId", 1]], sparse: true },
			requestsIndex,
			outboxIndex,
		],
	},
	mail_suppressions: {
		indexes: [
			{ name: "user", fields: [["userId", 1]], sparse: true },
			{ name: "at", fields: [["at", 1]] },
		],
	},
	mail_secrets: {},
	mail_windows: { indexes: [{ name: "last_at", fields: [["lastAt", 1]], sparse: true }] },
	mail_digests: {
		indexes: [
			{ name: "due", fields: [["dueAt", 1]], sparse: true },
			{ name: "remove_at", fields: [["removeAt", 1]], sparse: true },
		],
	},
	mail_digest_items: {
		indexes: [
			{
				name: "digest",
				fields: [
					["digestId", 1],
					["item.at", -1],
				],
			},
			{ name: "user", fields: [["userId", 1]] },
			{
				name: "writer",
				fields: [
					["item.senderId", 1],
					["_id", 1],
				],
			},
			{ name: "remove_at", fields: [["removeAt", 1]], sparse: true },
		],
	},
	leases: {},
};

export type EmailProfile = Pick<
	Profile,
	| "answerDeadline"
	| "chatNotifyWindow"
	| "dataDir"
	| "dkim"
	| "kind"
	| "leaseTimeout"
	| "mailFrom"
	| "publicUrl"
	| "reconcileEvery"
	| "smtpUrl"
>;

export interface EmailVars extends StoreMembers<EmailCollections>, RetentionMembers {
	profile: EmailProfile;
	endGauge?: () => void;
	sending: Sending | undefined;
	post: Post | undefined;
	/** Stores mails that wait to be sent, those that are there already left out. */
	queueMails(mails: readonly Mail[]): Promise<void>;
	/** What a try has to know of its recipient. Those who are asked about together are read together. */
	lookUp: LookUp;
	digesting: LeasedJob | undefined;
	/** What unsubscribe links are signed with, once it was needed. */
	unsubscribeSecret: Promise<Buffer> | undefined;
}

export type EmailService = Service & EmailVars;

/** The action of one route. */
export const routeAction = routeActions<EmailService>("email", mailRoutes);

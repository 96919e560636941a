import { clock } from "../../config/clock.ts";
import { eachDue } from "../../mixins/batching/each-due.ts";
import { everyUnderLease, type LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import { createEntity } from "../../mixins/store/versioned.ts";
import {
	type DigestItem,
	digestItemId,
	digestMail,
	digestOf,
	gathered,
	type MailDigest,
	type Period,
	placeAt,
} from "./digest.ts";
import type { EmailService } from "./email-base.ts";
import { type Mail, newMail } from "./mail.ts";
import type { QuietHours } from "./sendable.ts";
import type { ChatItem } from "./templates/data.ts";

// Gathers messages for a person's digest, and makes its mail when the period is over. Every step may run twice and beside another:
//   item stored, digest not:        the event comes again, finds the item and makes the digest that it names
//   digest closed, mail not made:   whoever finds it due, or comes with an item for it, makes the mail of what is there
//   mail made, digest still due:    the mail is found there, and nothing is left to do but to note that
// An item that was stored while the digest closed is in its mail or not, which the mail itself tells; if not, it moves to the next one.

type Service = Pick<EmailService, "store" | "sending">;

/** Nobody moves an item more than once or twice: periods are longer than that takes. */
const tries = 8;

/** The mail of a digest that is closed: the first that makes it decides what is in it. Null: there is nothing to tell. */
const mailOf = async ({ store }: Service, digest: MailDigest): Promise<Mail | null> => {
	const page = { sort: [["item.at", -1]], limit: gathered + 1 } as const;
	const rows = await store.mail_digest_items.find({ where: { digestId: digest._id, gone: { $exists: false } }, ...page });
	if (rows.length === 0) return null;
	const draft = digestMail(
		digest,
		rows.map(({ item }) => item),
	);
	const at = clock.now();
	return (await createEntity<Mail>(store.mails, newMail(draft, digest._id, at), [], { at })).entity;
};

const holds = (mail: Mail | null, eventId: string): boolean =>
	((mail?.data.items ?? []) as readonly ChatItem[]).some((item) => item.eventId === eventId);

const isIn = async (service: Service, digest: MailDigest, { item }: DigestItem): Promise<boolean> =>
	!digest.closed || holds(await mailOf(service, digest), item.eventId);

/** A message for somebody's digest, and what they have said about those. */
export interface Gathered {
	userId: string;
	item: ChatItem;
	period: Period;
	quietHours: QuietHours | null;
}

/** Stores a message for the digest of when it was written, or the next one that is open, once. Throws what the store throws. */
export const gather = async (service: Service, { userId, item, period, quietHours }: Gathered): Promise<void> => {
	const { mail_digest_items: items, mail_digests: digests } = service.store;
	const now = clock.now();
	const _id = digestItemId(item.eventId, userId);
	const first = placeAt(userId, Date.parse(item.at), period, quietHours);
	let { document: stored } = await items.create({ _id, userId, item, ...first, removeAt: now });
	for (let attempt = 0; attempt < tries; attempt++) {
		const { document: digest } = await digests.create(digestOf(stored, now));
		if (await isIn(service, digest, stored)) return;
		const next = placeAt(userId, Math.max(stored.endsAt, now), period, quietHours);
		const moved = await items.update({ _id, digestId: digest._id }, { $set: next });
		stored = moved ?? (await items.findById(_id)) ?? stored;
	}
	throw new Error(`the digests of ${userId} close faster than they are filled`);
};

const close = async (service: Service, { _id }: MailDigest): Promise<true> => {
	const { mail_digests: digests } = service.store;
	const closed = await digests.update({ _id }, { $set: { closed: true } });
	if (closed && (await mailOf(service, closed))) service.sending?.wake();
	await digests.update({ _id }, { $unset: { dueAt: true }, $set: { removeAt: clock.now() } });
	return true;
};

/** All digests whose period is over, until none is left or the lease is lost. */
export const closeDigests = async (service: Service & Pick<EmailService, "logger">, signal: AbortSignal): Promise<void> => {
	const where = { dueAt: { $lte: clock.now() } };
	const failures = await eachDue<MailDigest>({
		find: (page) => service.store.mail_digests.find({ where, sort: [["dueAt", 1]], ...page }),
		work: (digest) => close(service, digest),
		signal,
	});
	if (failures.length > 0)
		service.logger.warn(`${failures.length} digests could not be closed, the next round comes; the first one:`, failures[0]);
};

export const startDigesting = (service: EmailService): LeasedJob => {
	const { reconcileEvery, leaseTimeout } = service.profile;
	return everyUnderLease({
		name: "email.digests",
		leases: service.store.leases,
		timeoutMs: leaseTimeout,
		everyMs: reconcileEvery,
		run: (signal) => closeDigests(service, signal),
		logger: service.logger,
	});
};

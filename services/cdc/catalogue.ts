// What may leave the database, and what stays in it. Nothing leaves that does not stand here: a field that somebody adds to an entity, or a
// collection, is not in the feed until somebody has thought about it. A test holds this table against the collections that there are.

export interface Feed {
	/** The fields that are published, beside `_id`. */
	readonly fields: readonly string[];
	/**
	 * True where none of these fields changes without `updatedAt`: what changed since a moment can then be asked for. Of the others a sweep has
	 * to read all.
	 */
	readonly dated?: true;
}

/** Why a collection stays where it is. */
export type Withheld = string;

const secret = "secrets, or what they could be made from";
const housekeeping = "how the service keeps itself in order, which changes with its code";
const whereabouts = "who is connected, when and from where";

const entity = ["version", "createdAt", "updatedAt"] as const;
/** What was written is between those who follow the stream. */
const entry: Feed = { fields: ["stream", "seq", "id", "type", "from", "at", "erased"] };

export const catalogue: Readonly<Record<string, Feed | Withheld>> = {
	users: {
		dated: true,
		// Not: passwordHash, requests for links, which session was kept, request keys.
		fields: [...entity, "email", "name", "roles", "emailVerified", "suspended", "deletedAt"],
	},
	sessions: secret,
	service_keys: secret,
	asked_resets: secret,

	orders: {
		dated: true,
		fields: [
			...entity,
			...["number", "code", "buyerId", "sellerId", "items", "totals", "delivery", "status", "payment", "shipment"],
			...["tracking", "history", "expiresAt", "tombstone"],
		],
	},
	products: { fields: [...entity, "name", "price", "stock", "sellerId"] },
	// Not the text: nobody has looked through what other systems send.
	intake_documents: { fields: ["customerId", "receivedAt", "hash"] },
	counters: housekeeping,

	payments: {
		dated: true,
		// Not: nextAction, whose URL lets its holder act for the buyer.
		fields: [
			...entity,
			...["orderId", "attempt", "buyerId", "sellerId", "amount", "method", "provider", "providerRef", "status", "declineCode"],
			...["captured", "refunded", "refunds", "closing", "history", "productName", "placedAt", "dueAt"],
		],
	},
	// Not the outcome: it may hold such a URL.
	webhooks: { fields: ["provider", "event", "state", "receivedAt"] },
	sandbox_charges: "the books of a provider that is none",

	// Not the last entry, which is somebody's message.
	conversations: { dated: true, fields: [...entity, "kind", "title", "createdBy", "members"] },
	memberships: { fields: ["streamId", "userId", "readSeq", "deliveredSeq", "unread", "countedSeq", "mutedUntil", "left"] },
	blocks: "which of two blocked the other is not told",
	entries: entry,
	connections: whereabouts,

	inboxes: { fields: [...entity, "userId", "seen", "read", "archived", "erased"] },
	notifications: entry,
	preferences: { fields: [...entity, "kinds", "quietHours", "digest", "gone"] },
	chat_windows: housekeeping,
	inbox_connections: whereabouts,

	mails: { dated: true, fields: [...entity, "eventId", "userId", "template", "kind", "status", "tries", "sentAt"] },
	mail_suppressions: "made from addresses of people who may have left",
	mail_secrets: secret,
	mail_windows: housekeeping,
	mail_digests: housekeeping,
	mail_digest_items: "what people wrote",

	audit_log: "what admins did and from where, for admins alone",
	leases: housekeeping,
	cdc_positions: housekeeping,
};

const feeds = new Map(Object.entries(catalogue).filter((pair): pair is [string, Feed] => typeof pair[1] !== "string"));

export class UnknownCollections extends Error {
	override readonly name = "UnknownCollections";
}

/** Those that are named, or all. Throws UnknownCollections where one does not exist or stays in the database. */
export const chosenFeeds = (names: readonly string[]): ReadonlyMap<string, Feed> => {
	if (names.length === 0) return feeds;
	const chosen = [...new Set(names)].map((name): [string, Feed] => {
		const feed = feeds.get(name);
		if (feed) return [name, feed];
		const reason = Object.hasOwn(catalogue, name) ? `stays in the database: ${catalogue[name]}` : "is not a collection of Souk";
		throw new UnknownCollections(`CDC_COLLECTIONS: ${name} ${reason}. There are: ${[...feeds.keys()].join(", ")}`);
	});
	return new Map(chosen);
};

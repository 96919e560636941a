// In which order collections are read, where they cannot all be read at one moment. Whatever says that something was done is read before
// what was done, and what was done before what it was done for: then nothing in the backup says "done" of something that is not in it, and
// what is missing is asked for again by an event that still stands in the document that it is about.

/** First to last; a collection that is not named comes after the markers. */
const markers = [
	"intake_documents",
	"asked_resets",
	"webhooks",
	"chat_windows",
	"mail_windows",
	"mail_digest_items",
	"mail_digests",
] as const;
const effectsThenCauses = [
	"mails",
	"inboxes",
	"notifications",
	// What counts the entries of a log is read before the log: it must not have counted what is not there.
	"memberships",
	"conversations",
	"entries",
	// The provider's memory after ours: what we do not know of, it finds.
	"payments",
	"sandbox_charges",
	// Stock that is set aside for an order that is not there goes back by itself; the other way round it would be sold twice.
	"orders",
	"products",
	"counters",
	"preferences",
	"users",
] as const;

const place = (name: string): number => {
	if (name.endsWith("_inbox")) return 0;
	const marker = markers.indexOf(name as (typeof markers)[number]);
	if (marker >= 0) return 1 + marker;
	const later = effectsThenCauses.indexOf(name as (typeof effectsThenCauses)[number]);
	return later < 0 ? 100 : 200 + later;
};

export const inReadingOrder = (names: readonly string[]): string[] =>
	[...names].sort((a, b) => place(a) - place(b) || a.localeCompare(b));

/**
 * What is true of running processes alone, and sessions: a refresh token that was used since, or a session that was ended since because a
 * device was stolen, must not come to life again: everybody logs in anew. And where the change feed was: without it, all is published once.
 */
const leftOut = new Set(["leases", "connections", "inbox_connections", "sessions", "cdc_positions"]);

export const isKept = (name: string): boolean => !leftOut.has(name) && !name.startsWith("system.");

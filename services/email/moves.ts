import type { CallMeta, RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { EventDraft } from "../../contracts/events.ts";
import type { Change } from "../../mixins/store/versioned.ts";
import { type Attempt, isOpen, type Mail, type MailStatus } from "./mail.ts";
import { delayAfter } from "./retry.ts";

// What can happen to a mail. Each answers the change, or null where there is nothing to do (any more).

/** What a try came to. */
export type Outcome =
	| { kind: "sent"; code?: number; response?: string }
	/** The server, or what stands in for it, did not take it. `unknown`: or it did, and we were not told. */
	| { kind: "retry"; reason: string; code?: number | undefined; unknown?: true }
	| { kind: "failed"; reason: string; code?: number | undefined; attempted: boolean }
	| { kind: "suppressed"; reason: string; code?: number | undefined; attempted: boolean }
	| { kind: "dropped"; reason: string }
	/** Not before `until` (epoch ms). */
	| { kind: "held"; until: number; reason: string }
	/** Something that we need is away: no try. */
	| { kind: "postponed"; until: number };

const keptAttempts = 20;

const iso = (at: number): string => new Date(at).toISOString();

const withAttempt = (mail: Mail, attempt: Attempt): Attempt[] =>
	[...mail.attempts.filter(({ id }) => id !== attempt.id), attempt].slice(-keptAttempts);

/** The process that had it died, or stood still for too long: nobody can say whether the server took it. */
const abandoned = (mail: Mail): Attempt[] => {
	const { claim } = mail;
	if (!claim) return mail.attempts;
	return withAttempt(mail, { ...claim, outcome: "unknown", reason: "the process that was sending it ended" });
};

const factsOf = ({ _id, userId, template, kind, eventId }: Mail) => ({ mailId: _id, userId, template, kind, eventId });

const failure = (mail: Mail, status: "failed" | "suppressed", reason: string): EventDraft => ({
	type: "email.failed",
	subject: mail._id,
	data: { ...factsOf(mail), status, reason },
});

const ended = (status: MailStatus, reason: string, at: number) => ({
	set: { status, reason, removeAt: at },
	unset: ["dueAt", "claim"],
});

/** A claim that ended without a word counts as a try: a mail that kills its process must not do so for ever. */
export const decideClaim = (mail: Mail, id: string, at: number, claimFor: number): Change | null => {
	if (!isOpen(mail) || mail.dueAt === undefined || mail.dueAt > at) return null;
	const attempts = abandoned(mail);
	const tries = mail.tries + (mail.claim ? 1 : 0);
	if (mail.claim && delayAfter(tries) === null) {
		const reason = "the process ended in each of the last tries";
		const { set, unset } = ended("failed", reason, at);
		return { set: { ...set, attempts, tries }, unset, events: [failure(mail, "failed", reason)] };
	}
	return { set: { claim: { id, at: iso(at) }, dueAt: at + claimFor, attempts, tries } };
};

const attemptOf = (id: string, outcome: Outcome, at: number): Attempt | null => {
	const { kind } = outcome;
	if (kind === "held" || kind === "postponed" || kind === "dropped") return null;
	if (kind === "sent") return { id, at: iso(at), outcome: "sent", ...reply(outcome.code, outcome.response) };
	if (kind === "retry")
		return { id, at: iso(at), outcome: outcome.unknown ? "unknown" : "retry", ...reply(outcome.code, outcome.reason) };
	return outcome.attempted ? { id, at: iso(at), outcome: "refused", ...reply(outcome.code, outcome.reason) } : null;
};

const reply = (code: number | undefined, reason: string | undefined) => ({
	...(code !== undefined && { code }),
	...(reason !== undefined && reason !== "" && { reason }),
});

const sent = (mail: Mail, at: number): Change => ({
	set: { status: "sent", sentAt: iso(at), removeAt: at },
	unset: ["dueAt", "claim", "reason"],
	events: [{ type: "email.sent", subject: mail._id, data: factsOf(mail) }],
});

const lost = (mail: Mail, status: "failed" | "suppressed", reason: string, at: number): Change => ({
	...ended(status, reason, at),
	events: [failure(mail, status, reason)],
});

const again = (mail: Mail, reason: string, at: number): Change => {
	const tries = mail.tries + 1;
	const delay = delayAfter(tries);
	if (delay === null) return lost(mail, "failed", `given up after ${tries} tries: ${reason}`, at);
	return { set: { status: "queued", reason, dueAt: at + delay }, unset: ["claim"] };
};

const moved = (mail: Mail, outcome: Outcome, at: number): Change => {
	switch (outcome.kind) {
		case "sent":
			return sent(mail, at);
		case "retry":
			return again(mail, outcome.reason, at);
		case "failed":
		case "suppressed":
			return lost(mail, outcome.kind, outcome.reason, at);
		case "dropped":
			return ended("dropped", outcome.reason, at);
		case "held":
			return { set: { status: "held", reason: outcome.reason, dueAt: outcome.until }, unset: ["claim"] };
		case "postponed":
			return { set: { dueAt: outcome.until }, unset: ["claim"] };
	}
};

/** Only who has the claim decides about a mail. But what a server took is sent, whoever asked it, and is written down as often as it was. */
export const decideOutcome = (mail: Mail, claimId: string, outcome: Outcome, at: number): Change | null => {
	const attempt = attemptOf(claimId, outcome, at);
	const attempts = attempt ? { attempts: withAttempt(mail, attempt), tries: mail.tries + 1 } : {};
	const ours = isOpen(mail) && (mail.claim?.id === claimId || outcome.kind === "sent");
	if (!ours) return outcome.kind === "sent" ? { set: attempts } : null;
	const change = moved(mail, outcome, at);
	return { ...change, set: { ...change.set, ...attempts } };
};

/** Its recipient wants something else than when it was held: somebody looks at it now. Null: somebody is at it, or it is due. */
export const decideRelease = ({ status, claim, dueAt }: Mail, at: number): Change | null =>
	status === "held" && !claim && dueAt !== undefined && dueAt > at ? { set: { dueAt: at } } : null;

const gone = "the account was deleted";

const saysNothing = ({ attempts, data, reason = gone }: Mail): boolean =>
	reason === gone && Object.keys(data).length === 0 && attempts.every((attempt) => attempt.reason === undefined);

/**
 * To, or in the words of, somebody who is gone: nothing that waits is sent, and what servers said may hold their address. Null: there is
 * nothing left to forget.
 */
export const decideForget = (mail: Mail, at: number): Change | null => {
	const attempts = mail.attempts.map(({ reason: _words, ...attempt }) => attempt);
	if (!isOpen(mail)) return saysNothing(mail) ? null : { set: { attempts, data: {} }, unset: ["reason"] };
	const { set, unset } = ended("dropped", gone, at);
	return { set: { ...set, attempts, data: {} }, unset };
};

interface Quoted {
	senderId: string;
}

/** A digest without what somebody wrote who is gone. */
export const decideUnquote = (mail: Mail, senderId: string, at: number): Change | null => {
	const items = (mail.data.items ?? []) as readonly Quoted[];
	const left = items.filter((item) => item.senderId !== senderId);
	if (left.length === items.length) return null;
	return left.length === 0 ? decideForget(mail, at) : { set: { data: { ...mail.data, items: left } } };
};

const retryable: readonly MailStatus[] = ["queued", "held", "failed", "suppressed"];
const keptRequests = 20;

const requireVersion = ({ version }: Mail, ifMatch: CallMeta["ifMatch"]): void => {
	if (ifMatch === undefined || ifMatch === "*" || ifMatch.includes(version)) return;
	throw new DomainError("VERSION_CONFLICT", `the version is ${version} by now`);
};

/**
 * An operator wants it sent, at once and with all its tries. Null: this request did so before. Throws IDEMPOTENCY_KEY_REUSED,
 * VERSION_CONFLICT, TRANSITION_REFUSED.
 */
export const decideRetry = (mail: Mail, request: RequestKey, ifMatch: CallMeta["ifMatch"], at: number): Change | null => {
	const before = mail.requests.find(({ key }) => key === request.key);
	if (before && before.hash !== request.hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	if (before) return null;
	requireVersion(mail, ifMatch);
	if (!retryable.includes(mail.status))
		throw new DomainError("TRANSITION_REFUSED", `a mail that was ${mail.status} is not sent again`, {
			from: mail.status,
			to: "queued",
			allowed: [],
		});
	const record = { key: request.key, hash: request.hash, version: mail.version + 1, at };
	const requests = [...mail.requests, record].slice(-keptRequests);
	// Somebody is sending it at this very moment: that is all that can be done.
	if (mail.claim) return { set: { requests } };
	return { set: { status: "queued", dueAt: at, tries: 0, requests }, unset: ["reason", "removeAt"] };
};

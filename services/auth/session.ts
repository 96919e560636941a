import type { Document } from "../../mixins/store/port.ts";
import type { User } from "./user.ts";

// A session is a family of refresh tokens, numbered by generation: only the newest is good, and the one before it for a moment.
// Nothing in the document is secret: the tokens are made from the id and the generation with a key (refresh-token.ts).

const day = 86_400_000;

/** From log-in to the end, whatever happens (ASVS 5.0 §7.3.2). */
export const absoluteLife = 30 * day;
/** Without a refresh (§7.3.1). */
export const idleLife = 14 * day;
/** How long after a rotation the token before it gets the same answer: the first answer may have been lost on its way. */
export const repeatGrace = 10_000;
/** Live sessions of one person (§7.1.2); the oldest ends when there are more. */
export const mostSessions = 100;

export interface Session extends Document {
	userId: string;
	/** `sessionEpoch` of the user when it began. */
	epoch: number;
	agent: string;
	address: string;
	createdAt: string;
	/** Of the last log-in or refresh. */
	lastSeenAt: string;
	/** Of the newest refresh token; the first is 1. */
	generation: number;
	/** Epoch ms of the last rotation: `iat` of the access tokens of this generation. */
	rotatedAt: number;
	/** Epoch ms when the last access token of the session expires. */
	accessUntil: number;
	expiresAt: number;
	/** Epoch ms: from then on it is over for everybody. It is kept for a while; a reuse of its tokens is refused with or without it. */
	removeAt: number;
	/** Epoch ms. Absent while it lives. */
	endedAt?: number;
}

export interface Client {
	address: string;
	agent: string;
}

const longestAgent = 256;

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** `iat` and `exp` of the access tokens of one generation: the same on every repeat of the answer. */
export const accessTimes = (rotatedAt: number, ttl: number): { iat: number; exp: number } => {
	const iat = seconds(rotatedAt);
	return { iat, exp: iat + Math.max(1, Math.round(ttl / 1000)) };
};

const deadlines = (now: number, expiresAt: number, ttl: number) => ({
	rotatedAt: now,
	lastSeenAt: new Date(now).toISOString(),
	accessUntil: accessTimes(now, ttl).exp * 1000,
	removeAt: Math.min(expiresAt, now + idleLife),
});

export const newSession = (id: string, user: User, client: Client, now: number, ttl: number): Session => ({
	_id: id,
	userId: user._id,
	epoch: user.sessionEpoch,
	...seenFrom(client),
	createdAt: new Date(now).toISOString(),
	generation: 1,
	expiresAt: now + absoluteLife,
	...deadlines(now, now + absoluteLife, ttl),
});

const seenFrom = ({ address, agent }: Client): Client => ({ address: address.slice(0, 64), agent: agent.slice(0, longestAgent) });

/** What a rotation sets, filtered on the generation before it and on `endedAt` being absent. */
export const rotation = (session: Session, client: Client, now: number, ttl: number) => ({
	...seenFrom(client),
	generation: session.generation + 1,
	...deadlines(now, session.expiresAt, ttl),
});

export const ending = (session: Session, now: number) => ({
	endedAt: now,
	removeAt: Math.max(session.accessUntil, now),
});

export const isLive = (session: Session, now: number): boolean =>
	session.endedAt === undefined && now < session.expiresAt && now < session.rotatedAt + idleLife;

/** False for sessions that a change of the user has ended, even if nobody has come to mark them yet. */
export const belongsTo = (session: Session, user: User): boolean =>
	session.userId === user._id && (session.epoch === user.sessionEpoch || session._id === user.keptSession);

export type RefreshDecision =
	/** The newest token: the next generation. */
	| "rotate"
	/** The one before it, a moment ago: the same answer again. */
	| "repeat"
	/** An old one: somebody has a copy, and nobody can tell who. The family ends (RFC 9700 §4.14.2). */
	| "reuse"
	| "over";

export const decideRefresh = (session: Session | null, generation: number, now: number): RefreshDecision => {
	if (!session || !isLive(session, now)) return "over";
	if (generation === session.generation) return "rotate";
	const sinceRotation = now - session.rotatedAt;
	// A clock that was set back makes it negative: that is a moment ago, too.
	if (generation === session.generation - 1 && sinceRotation <= repeatGrace) return "repeat";
	// One from the future was made before the database was put back: it proves as little as an old one.
	return "reuse";
};

export interface SessionView {
	id: string;
	agent: string;
	address: string;
	createdAt: string;
	lastSeenAt: string;
	current: boolean;
}

export const toSessionView = (session: Session, currentId: string): SessionView => ({
	id: session._id,
	agent: session.agent,
	address: session.address,
	createdAt: session.createdAt,
	lastSeenAt: session.lastSeenAt,
	current: session._id === currentId,
});

import { clock } from "../../config/clock.ts";
import { DomainError } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import type { EndedSession, EndedSessionsAnswer } from "../../mixins/access-token/index.ts";
import type { Collection } from "../../mixins/store/port.ts";
import { formatRefreshToken, parseRefreshToken } from "./refresh-token.ts";
import {
	accessTimes,
	belongsTo,
	type Client,
	decideRefresh,
	ending,
	isLive,
	mostSessions,
	newSession,
	rotation,
	type Session,
} from "./session.ts";
import type { SigningKeys } from "./signing-keys.adapter.ts";
import { isActive, type User } from "./user.ts";

export interface TokenPair {
	accessToken: string;
	refreshToken: string;
	/** Seconds. */
	expiresIn: number;
}

export interface SessionKeeperOptions {
	users: Collection<User>;
	sessions: Collection<Session>;
	keys: SigningKeys;
	/** Of access tokens, in ms. */
	ttl: number;
	/** Tells every node that tokens of this session are no longer good. */
	tell: (ended: EndedSession) => Promise<void>;
	onReuse: (session: Session) => void;
}

const batch = 100;
/** Rounds in which other requests with the same token may come first before we give up. */
const tries = 5;

const over = (): DomainError => new DomainError("UNAUTHORIZED", "This session is over: log in again");

/** Begins, renews and ends sessions in the store. What a token means at a moment is decided in session.ts. */
export class SessionKeeper {
	readonly #options: SessionKeeperOptions;

	constructor(options: SessionKeeperOptions) {
		this.#options = options;
	}

	/**
	 * A new session for the user as it was read before the password was checked. If the account was changed meanwhile, that
	 * change has ended all sessions, perhaps before this one was written: so it is looked at once more. Null: it did.
	 */
	async begin(user: User, client: Client): Promise<TokenPair | null> {
		const { users, sessions, ttl } = this.#options;
		const session = newSession(newId(), user, client, clock.now(), ttl);
		await sessions.create(session);
		const now = await users.findById(user._id);
		if (!now || !isActive(now) || !belongsTo(session, now)) {
			await this.end(session);
			return null;
		}
		await this.#endOldest(user._id);
		return this.#tokens(session, now);
	}

	/** New tokens for a refresh token. Throws UNAUTHORIZED. */
	async refresh(token: string, client: Client): Promise<TokenPair> {
		const { sessions, users, keys } = this.#options;
		const claim = parseRefreshToken(token, await keys.refreshKeys());
		if (!claim) throw over();
		for (let attempt = 0; attempt < tries; attempt++) {
			const session = await sessions.findById(claim.sessionId);
			const decision = decideRefresh(session, claim.generation, clock.now());
			if (!session || decision === "over") throw over();
			if (decision === "reuse") return this.#reused(session);
			const user = await users.findById(session.userId);
			if (!user || !isActive(user) || !belongsTo(session, user)) return this.#disowned(session);
			const current = decision === "repeat" ? session : await this.#rotate(session, client);
			if (current) return this.#tokens(current, user);
		}
		throw new DomainError("UNAVAILABLE", "This session is being renewed by many at once", { retryAfter: 1 });
	}

	/** Ends it, once; whoever ends it tells the others. A second run tells them again, which changes nothing. */
	async end(session: Session): Promise<void> {
		const { sessions, tell } = this.#options;
		const ended = await sessions.update(
			{ _id: session._id, endedAt: { $exists: false } },
			{ $set: ending(session, clock.now()) },
		);
		// As it was written: a refresh may have come in between, with an access token that lives longer than the one we knew of.
		const { _id, accessUntil } = ended ?? session;
		await tell({ sessionId: _id, until: accessUntil });
	}

	/** The session of the id if it is live and theirs. */
	async liveOne(user: User, id: string): Promise<Session | null> {
		const session = await this.#options.sessions.findById(id);
		return session && belongsTo(session, user) && isLive(session, clock.now()) ? session : null;
	}

	/** The one that a refresh token belongs to, whatever its generation: for log-out. */
	async ofToken(token: string): Promise<Session | null> {
		const claim = parseRefreshToken(token, await this.#options.keys.refreshKeys());
		return claim && this.#options.sessions.findById(claim.sessionId);
	}

	async liveOnes(user: User): Promise<Session[]> {
		const found = await this.#options.sessions.find({
			where: { userId: user._id, endedAt: { $exists: false } },
			sort: [["createdAt", -1]],
			limit: mostSessions,
		});
		return found.filter((session) => belongsTo(session, user) && isLive(session, clock.now()));
	}

	/**
	 * Ends what a change of the user has made void. The change itself has left `endingSessions`, so that `sweep` does the
	 * rest if this process dies on the way.
	 */
	async endVoid(user: User): Promise<void> {
		const { sessions, users } = this.#options;
		const where = {
			userId: user._id,
			endedAt: { $exists: false },
			epoch: { $lt: user.sessionEpoch },
			...(user.keptSession === undefined ? {} : { _id: { $ne: user.keptSession } }),
		};
		for (;;) {
			const found = await sessions.find({ where, limit: batch });
			await Promise.all(found.map((session) => this.end(session)));
			if (found.length < batch) break;
		}
		// Not if it was raised again meanwhile: whoever did that is at it.
		await users.update({ _id: user._id, sessionEpoch: user.sessionEpoch }, { $unset: { endingSessions: true } });
	}

	/** Finishes what others began. */
	async sweep(): Promise<void> {
		const { users } = this.#options;
		const unfinished = await users.find({ where: { endingSessions: true }, limit: batch });
		for (const user of unfinished) await this.endVoid(user);
	}

	/** Sessions that ended since then and of which a token may still be valid. */
	async endedSince(since: number): Promise<EndedSessionsAnswer> {
		const asOf = clock.now();
		const items = await this.#options.sessions.find({ where: { endedAt: { $gte: since }, accessUntil: { $gt: asOf } } });
		return { items: items.map(({ _id, accessUntil }) => ({ sessionId: _id, until: accessUntil })), asOf };
	}

	async #rotate(session: Session, client: Client): Promise<Session | null> {
		const { sessions, ttl } = this.#options;
		const { _id, generation } = session;
		const unchanged = { _id, generation, endedAt: { $exists: false } };
		return sessions.update(unchanged, { $set: rotation(session, client, clock.now(), ttl) });
	}

	async #reused(session: Session): Promise<never> {
		this.#options.onReuse(session);
		await this.end(session);
		throw over();
	}

	async #disowned(session: Session): Promise<never> {
		await this.end(session);
		throw over();
	}

	async #endOldest(userId: string): Promise<void> {
		const surplus = await this.#options.sessions.find({
			where: { userId, endedAt: { $exists: false } },
			sort: [["createdAt", -1]],
			skip: mostSessions,
			limit: batch,
		});
		await Promise.all(surplus.map((session) => this.end(session)));
	}

	/** The same for the same generation, so that a repeat gets what the first answer said. */
	async #tokens(session: Session, user: User): Promise<TokenPair> {
		const { keys, ttl } = this.#options;
		const [key] = await keys.refreshKeys();
		if (!key) throw new Error("the key set has no key for refresh tokens"); // parseKeySet lets none such through
		const { iat, exp } = accessTimes(session.rotatedAt, ttl);
		const { _id: sid, generation } = session;
		return {
			accessToken: await keys.signAccessToken({ sub: user._id, roles: user.roles, sid, jti: `${sid}.${generation}`, iat, exp }),
			refreshToken: formatRefreshToken({ sessionId: sid, generation }, key),
			expiresIn: Math.max(0, exp - Math.floor(clock.now() / 1000)),
		};
	}
}

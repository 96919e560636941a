import type { Static } from "typebox";
import type { Role } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { EventDraft } from "../../contracts/events.ts";
import type { AdminUser, Me, Person } from "../../contracts/http/auth.ts";
import { deriveId } from "../../contracts/ids.ts";
import type { Change, Entity } from "../../mixins/store/versioned.ts";
import { type LinkRequest, resetLife, verificationLife, voided, withRequest } from "./link-request.ts";

/** What register answered: a replay answers it again, whatever was changed since. */
export interface Registered {
	id: string;
	email: string;
	name: string;
	roles: Role[];
}

export interface User extends Entity {
	/** ISO 8601, UTC. */
	createdAt: string;
	/** As it was written at registration: only the server of that address knows whether case matters to it. */
	email: string;
	/** Unique among those who are not deleted: nobody registers twice by writing the same address differently. */
	emailKey?: string;
	name: string;
	/** `<name key>\n<id>`: the order of search results, and where a page goes on. Absent when deleted. */
	searchKey?: string;
	/** `<createdAt> <id>`: the order of the list for admins. Absent when deleted. */
	listKey?: string;
	roles: Role[];
	/** True exactly when the roles say so; its index finds the admins. */
	admin?: true;
	emailVerified: boolean;
	suspended: boolean;
	deletedAt?: string;
	/** PHC string. Empty when deleted: no password verifies against it. */
	passwordHash: string;
	/**
	 * Sessions carry the epoch that they began in. A change that must end them all (password, suspension, a role taken away)
	 * raises it in the same write, so that they are over even if the process dies before it has ended them one by one.
	 */
	sessionEpoch: number;
	/** The one session that survives the last raise: the one that the password was changed in. */
	keptSession?: string;
	/** Sessions of earlier epochs are still to be ended. */
	endingSessions?: true;
	/** The first admin, until the generated password was surely shown. Epoch ms of the last try. */
	unannounced?: number;
	/** Deleted, and not all services are known to have forgotten them: how often they were told. */
	erasures?: number;
	/** Epoch ms: since when they are to be told once more, and when somebody should next try. */
	erasureFrom?: number;
	erasureDue?: number;
	request?: { key: string; hash: string };
	registered?: Registered;
	/** Requests for a new password, the newest last. */
	resets?: LinkRequest[];
	/** The request that set the password by a link. */
	resetBy?: { key: string; hash: string };
	/** Requests to verify the address beyond the one that the registration is, the newest last. */
	verifications?: LinkRequest[];
}

const graphemeRoom = 64;

export const emailKeyOf = (email: string): string => email.toLowerCase();

/**
 * What names are searched by: no case, no runs of white space, and not longer than what fits into a cursor.
 * Longer names and queries are told apart by their first 64 characters only.
 */
export const nameKeyOf = (name: string): string => {
	const plain = name.normalize("NFC").toLowerCase().trim().replace(/\s+/gu, " ");
	return [...plain].slice(0, graphemeRoom).join("");
};

export const searchKeyOf = (name: string, id: string): string => `${nameKeyOf(name)}\n${id}`;

/** Ends of lines, half of a surrogate pair, and what turns the direction of the text around it: a name stands amid other text. */
const unfit = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Throws VALIDATION for names that nobody sees, or with control characters: they end up in mails and before the eyes of others. */
export const cleanName = (name: string): string => {
	const clean = name.trim();
	if (!visible.test(clean) || unfit.test(clean)) {
		const detail = "must not be blank or contain control characters";
		throw new DomainError("VALIDATION", `The name ${detail}`, { errors: [{ pointer: "/name", detail }] });
	}
	return clean;
};

/** May log in, refresh, and be ordered from. */
export const isActive = ({ suspended, deletedAt }: Pick<User, "suspended" | "deletedAt">): boolean =>
	!suspended && deletedAt === undefined;

export const isActiveAdmin = (user: User): boolean => user.admin === true && isActive(user);

export interface NewUser {
	id: string;
	email: string;
	name: string;
	roles: Role[];
	passwordHash: string;
	/** Epoch ms. */
	now: number;
	request?: { key: string; hash: string };
}

type Fresh = Omit<User, "version" | "updatedAt">;

export const newUser = ({ id, email, name, roles, passwordHash, now, request }: NewUser): Fresh => {
	const createdAt = new Date(now).toISOString();
	return {
		_id: id,
		createdAt,
		email,
		emailKey: emailKeyOf(email),
		name,
		searchKey: searchKeyOf(name, id),
		listKey: `${createdAt} ${id}`,
		roles,
		...(roles.includes("admin") ? { admin: true } : {}),
		emailVerified: false,
		suspended: false,
		passwordHash,
		sessionEpoch: 1,
		...(request ? { request, registered: { id, email, name, roles } } : {}),
	};
};

export const registeredEvent = ({ _id, email, name, roles }: Fresh): EventDraft => ({
	type: "user.registered",
	subject: _id,
	data: { userId: _id, email, name, roles },
});

/** Part of the change that ends all sessions but the one that is kept. */
const endSessions = (kept?: string) => ({
	set: { endingSessions: true, ...(kept === undefined ? {} : { keptSession: kept }) },
	unset: kept === undefined ? ["keptSession"] : [],
	inc: { sessionEpoch: 1 },
});

/** `kept`: the session that it is changed in. `resetBy`: the request that came with a link instead. No link works any more. */
export const passwordChange = (
	passwordHash: string,
	user: User,
	by: { kept: string } | { resetBy: { key: string; hash: string } },
): Change => {
	const { set, unset, inc } = endSessions("kept" in by ? by.kept : undefined);
	return {
		set: {
			...set,
			passwordHash,
			...(user.resets && { resets: voided(user.resets) }),
			...("resetBy" in by && { resetBy: by.resetBy }),
		},
		unset: [...unset, "unannounced"],
		inc,
		events: [{ type: "user.password_changed", subject: user._id, data: { userId: user._id } }],
	};
};

/** Null: it came before, or too soon after another one. */
export const resetRequested = (user: User, request: LinkRequest): Change | null => {
	const resets = withRequest(user.resets ?? [], request, resetLife);
	const data = { userId: user._id, requestId: request.id };
	return resets && { set: { resets }, events: [{ type: "user.password_reset_requested", subject: user._id, data }] };
};

/** The registration is the first request: its mail has the link. */
export const verificationsOf = ({ _id, createdAt, verifications }: User): readonly LinkRequest[] =>
	verifications ?? [{ id: deriveId("email verification", _id), at: Date.parse(createdAt) }];

/** Null: it comes too soon after another one. */
export const verificationRequested = (user: User, request: LinkRequest): Change | null => {
	const verifications = withRequest(verificationsOf(user), request, verificationLife);
	const data = { userId: user._id };
	return verifications && { set: { verifications }, events: [{ type: "user.verification_requested", subject: user._id, data }] };
};

export const verified: Change = { set: { emailVerified: true }, unset: ["verifications"] };

const minute = 60_000;
/**
 * How long after a deletion everybody is told to forget: soon, in case the event that says so is lost; then again, for what came late (a message that
 * was on its way, an event that was tried again); and for the last time well within a day.
 */
const erasuresAfter = [2 * minute, 60 * minute, 12 * 60 * minute] as const;
/** Until the next try when somebody could not be told, in ms. */
const erasureRetry = 5 * minute;

const firstErasure = (now: number) => ({ erasures: 0, erasureFrom: now + erasuresAfter[0], erasureDue: now + erasuresAfter[0] });

/** All have forgotten; null where that was noted before. */
export const erasureDone = ({ deletedAt, erasures = 0, erasureDue }: User): Change | null => {
	if (deletedAt === undefined || erasureDue === undefined) return null;
	const next = erasuresAfter[erasures + 1];
	const done = erasures + 1;
	if (next === undefined) return { set: { erasures: done }, unset: ["erasureFrom", "erasureDue"] };
	const at = Date.parse(deletedAt) + next;
	return { set: { erasures: done, erasureFrom: at, erasureDue: at } };
};

export const erasureFailed = ({ erasureDue }: User, now: number): Change | null =>
	erasureDue === undefined ? null : { set: { erasureDue: now + erasureRetry } };

/** Wipes what is personal, frees the e-mail, and leaves a grave under the id: orders and messages go on naming it. */
export const deletion = (user: User, now: number): Change => {
	const { set, unset, inc } = endSessions();
	const grantedOnce = ["request", "registered", "resets", "resetBy", "verifications", "unannounced"];
	const gone = ["emailKey", "searchKey", "listKey", "admin", ...grantedOnce];
	return {
		set: {
			...set,
			...{ email: "", name: "", roles: [], passwordHash: "", deletedAt: new Date(now).toISOString() },
			...firstErasure(now),
		},
		unset: [...unset, ...gone],
		inc,
		events: [{ type: "user.deleted", subject: user._id, data: { userId: user._id } }],
	};
};

export interface Standing {
	roles?: readonly Role[] | undefined;
	suspended?: boolean | undefined;
}

/**
 * What an admin changes. Null: nothing. A suspension and a role that is taken away end all sessions, for access tokens say
 * what their holder may do until they expire (ASVS 5.0 §7.4.2, §8.3.2).
 */
export const standingChange = (user: User, { roles = user.roles, suspended = user.suspended }: Standing): Change | null => {
	const removed = user.roles.some((role) => !roles.includes(role));
	const added = roles.some((role) => !user.roles.includes(role));
	if (!removed && !added && suspended === user.suspended) return null;
	const ending = removed || (suspended && !user.suspended) ? endSessions() : { set: {}, unset: [], inc: {} };
	const admin = roles.includes("admin");
	return {
		set: { ...ending.set, roles: [...roles], suspended, ...(admin ? { admin: true } : {}) },
		unset: [...ending.unset, ...(admin ? [] : ["admin"])],
		inc: ending.inc,
	};
};

export const toRegistered = ({ _id, email, name, roles, registered }: User): Registered =>
	registered ?? { id: _id, email, name, roles };

export const toMe = ({ _id, email, name, roles, emailVerified }: User): Me => ({ id: _id, email, name, roles, emailVerified });

export const toPerson = ({ _id, name }: User): Static<typeof Person> => ({ id: _id, name });

export const toAdminUser = (user: User): Static<typeof AdminUser> => ({
	...toMe(user),
	suspended: user.suspended,
	createdAt: user.createdAt,
	version: user.version,
});

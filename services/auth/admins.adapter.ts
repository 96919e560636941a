import { DomainError } from "../../contracts/errors.ts";
import { type Cause, mutate } from "../../mixins/store/versioned.ts";
import type { AuthService } from "./auth-base.ts";
import { isActiveAdmin, type Standing, standingChange, type User } from "./user.ts";

// The last active admin stays: nobody else could make another one.

const activeAdmins = (auth: AuthService): Promise<User[]> =>
	auth.store.users.find({ where: { admin: true, suspended: false }, limit: 2 });

const refuse = (): never => {
	throw new DomainError("TRANSITION_REFUSED", "The last active admin stays one");
};

/**
 * Changes roles and suspension of one user; `check` may refuse the version that is changed. Two admins who take each other's
 * role at the same moment both see another one before, and none after it: so it is looked at again after the write, and taken back.
 */
export const changeStanding = async (
	auth: AuthService,
	id: string,
	standing: Standing,
	cause: Cause,
	check: (user: User) => void = () => undefined,
): Promise<{ changed: boolean; user: User; before: User } | null> => {
	const others = await activeAdmins(auth);
	let before: User | undefined;
	const decide = (user: User) => {
		check(user);
		before = user;
		const change = standingChange(user, standing);
		if (change && endsAdmin(user, standing) && others.every(({ _id }) => _id === id)) refuse();
		return change;
	};
	const result = await mutate(auth.store.users, id, decide, cause);
	if (!result || !before) return null;
	const { changed, entity } = result;
	if (changed && endsAdmin(before, standing)) await putBackIfLast(auth, before, cause);
	return { changed, user: entity, before };
};

const endsAdmin = (user: User, { roles = user.roles, suspended = user.suspended }: Standing): boolean =>
	isActiveAdmin(user) && (suspended || !roles.includes("admin"));

const putBackIfLast = async (auth: AuthService, { _id, roles, suspended }: User, cause: Cause): Promise<void> => {
	if ((await activeAdmins(auth)).length > 0) return;
	await mutate(auth.store.users, _id, (user) => standingChange(user, { roles, suspended }), cause);
	refuse();
};

/** Before an admin's account goes: in two steps, because a deletion could not be taken back. */
export const giveUpAdmin = async (auth: AuthService, user: User, cause: Cause): Promise<void> => {
	if (!isActiveAdmin(user)) return;
	await changeStanding(auth, user._id, { roles: user.roles.filter((role) => role !== "admin") }, cause);
};

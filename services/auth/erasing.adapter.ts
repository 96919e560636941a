import { clock } from "../../config/clock.ts";
import type { Rule } from "../../mixins/retention/rules.ts";
import { type Cause, mutate } from "../../mixins/store/versioned.ts";
import { giveUpAdmin } from "./admins.adapter.ts";
import { type AuthService, userChanged } from "./auth-base.ts";
import { deletion, erasureDone, erasureFailed, type User } from "./user.ts";

// Sees to it that those who are deleted are forgotten everywhere. The event `user.deleted` says so at once; but a stream may be lost, a service
// away, a process killed in between. So every service that knows anything of people is asked as well, until each has answered, and more than
// once, for what comes late. docs/decisions/0030-retention-and-erasure.md

/**
 * An account goes, and with it its sessions; what is left of it elsewhere goes soon after. Answers whether it was there. A second run ends what the
 * first did not get to. Throws TRANSITION_REFUSED for the last active admin.
 */
export const deleteAccount = async (auth: AuthService, user: User, cause: Cause): Promise<boolean> => {
	await giveUpAdmin(auth, user, cause);
	const decide = (current: User) => (current.deletedAt === undefined ? deletion(current, clock.now()) : null);
	const result = await mutate(auth.store.users, user._id, decide, cause);
	if (!result) return false;
	await auth.keeper.endVoid(result.entity);
	await userChanged(auth, user._id);
	return result.changed;
};

/** They have an action `eraseUser {userId}`, which may be repeated. */
const knowing = ["orders", "chat", "notification", "email"] as const;

/** Somebody may have written in thousands of conversations. */
const patience = 10 * 60_000;

/** Those of which an access token may still be good are named to whoever asks which ones have ended; from where they came is not. */
const forgetSessions = async ({ store }: AuthService, userId: string): Promise<void> => {
	await store.sessions.remove({ userId, endedAt: { $exists: true }, accessUntil: { $lte: clock.now() } });
	const left = await store.sessions.find({ where: { userId } });
	await store.sessions.updateMany(left.map(({ _id }) => ({ where: { _id }, update: { $set: { agent: "", address: "" } } })));
};

/** One that is away keeps none of the others from forgetting. Throws the first that failed. */
const tell = async (auth: AuthService, userId: string): Promise<void> => {
	const ask = (service: string) => auth.broker.call(`${service}.eraseUser`, { userId }, { timeout: patience, retries: 0 });
	const outcomes = await Promise.allSettled([...knowing.map(ask), forgetSessions(auth, userId)]);
	for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
};

/** True: all have forgotten this one. */
const eraseOne = async (auth: AuthService, { _id }: User): Promise<boolean> => {
	try {
		await tell(auth, _id);
		return true;
	} catch (error) {
		auth.logger.warn(`user ${_id} could not be erased everywhere, it is tried again:`, error);
		const at = clock.now();
		await mutate(auth.store.users, _id, (user) => erasureFailed(user, at), { at });
		return false;
	}
};

/** One look through all streams for all of them. */
const forgetOnBus = async (auth: AuthService, users: readonly User[]): Promise<void> => {
	if (users.length === 0) return;
	if (!auth.bus) throw new Error("the bus is not open");
	await auth.bus.forget(new Set(users.map(({ _id }) => _id)));
};

/** It is the first try of this time: the bus does not wait for a service that is away, which would else hear of them when it is back. */
const isFirstTry = ({ erasureDue, erasureFrom }: User): boolean => erasureDue === erasureFrom;

export const erasures = (auth: AuthService): Rule => {
	const { users } = auth.store;
	return {
		name: "erasures",
		what: "users who are gone were forgotten everywhere",
		async overdueSince(now) {
			const [first] = await users.find({ where: { erasureFrom: { $lte: now } }, sort: [["erasureFrom", 1]], limit: 1 });
			return first?.erasureFrom ?? null;
		},
		async remove(now, limit) {
			const due = await users.find({ where: { erasureDue: { $lte: now } }, sort: [["erasureDue", 1]], limit });
			const forgotten = new Set<User>();
			for (const user of due) if (await eraseOne(auth, user)) forgotten.add(user);
			// After the services: what they still had to say is on the bus by then.
			await forgetOnBus(
				auth,
				due.filter((user) => forgotten.has(user) || isFirstTry(user)),
			);
			await auth.store.scrub();
			for (const { _id } of forgotten) await mutate(users, _id, erasureDone, { at: clock.now() });
			return due.length;
		},
	};
};

import { randomBytes } from "node:crypto";
import { clock } from "../../config/clock.ts";
import { deriveId } from "../../contracts/ids.ts";
import { DuplicateKey } from "../../mixins/store/errors.ts";
import { createEntity, mutate } from "../../mixins/store/versioned.ts";
import type { AuthProfile, AuthService } from "./auth-base.ts";
import { passwordFault } from "./password-rules.ts";
import { newUser, registeredEvent, type User } from "./user.ts";

// An installation without an admin makes one when it starts: from ADMIN_EMAIL and ADMIN_PASSWORD, or with a password that is printed.

/** How long a node that made the admin has to print the password before another takes it for dead, in ms. */
export const announceGrace = 10_000;

const standardEmail = "admin@souk.local";

/** Where the generated password goes: the console of whoever started us, and nowhere else. */
export type Announce = (text: string) => void;

const message = (email: string, password: string): string =>
	[
		"",
		"  The first admin was made. This password is shown once:",
		`    e-mail    ${email}`,
		`    password  ${password}`,
		"  Log in and change it, or set ADMIN_EMAIL and ADMIN_PASSWORD before the first start.",
		"",
	].join("\n");

const newPassword = (): string => randomBytes(15).toString("base64url");

/** The same ids on every node, so that of those that start at once one makes the admin. The next number if an earlier one is no admin any more. */
const freeId = async ({ store }: AuthService): Promise<string> => {
	for (let number = 0; ; number++) {
		const id = deriveId("user", "first-admin", number);
		if (!(await store.users.findById(id))) return id;
	}
};

const make = async (auth: AuthService, email: string, password: string, generated: boolean): Promise<string | null> => {
	const id = await freeId(auth);
	const now = clock.now();
	const passwordHash = await auth.hasher.hash(password);
	const user = newUser({ id, email, name: "Admin", roles: ["admin"], passwordHash, now });
	const entity = generated ? { ...user, unannounced: now } : user;
	const { created } = await createEntity(auth.store.users, entity, [registeredEvent(user)], { at: now });
	return created ? id : null;
};

const shown = async ({ store }: AuthService, id: string): Promise<void> => {
	await store.users.update({ _id: id }, { $unset: { unannounced: true } });
};

const makeAdmin = async (auth: AuthService, given: AuthProfile["admin"], announce: Announce): Promise<void> => {
	const email = given?.email ?? standardEmail;
	const password = given?.password ?? newPassword();
	if (given && passwordFault(password, { email, name: "" })) auth.logger.warn("ADMIN_PASSWORD is one that is easily guessed");
	const id = await make(auth, email, password, given === null).catch((error: unknown) => {
		if (!(error instanceof DuplicateKey)) throw error;
		// Whoever registered the address before the operator named it must not become an admin by that.
		auth.logger.error("There is no admin, and the address for the first one belongs to somebody: set ADMIN_EMAIL to another one");
		return null;
	});
	if (id === null || given) return;
	announce(message(email, password));
	await shown(auth, id);
};

/** The node that made the password died before it was surely shown, and nobody has logged in: there is a new one. */
const announceAgain = async (auth: AuthService, admin: User, announce: Announce): Promise<void> => {
	const password = newPassword();
	const passwordHash = await auth.hasher.hash(password);
	const now = clock.now();
	const decide = (user: User) => (user.unannounced === admin.unannounced ? { set: { passwordHash, unannounced: now } } : null);
	const result = await mutate(auth.store.users, admin._id, decide, { at: now });
	if (!result?.changed) return; // another node was faster, or the admin logged in
	announce(message(result.entity.email, password));
	await shown(auth, admin._id);
};

/**
 * Answers after how many ms it should be called again, or null: somebody may be about to print the password.
 * A crash at any point leaves either no admin, or one whose password is made anew and printed by the next start.
 */
export const ensureAdmin = async (auth: AuthService, given: AuthProfile["admin"], announce: Announce): Promise<number | null> => {
	const admins = await auth.store.users.find({ where: { admin: true, suspended: false }, limit: 2 });
	const [admin] = admins;
	if (!admin) {
		await makeAdmin(auth, given, announce);
		return null;
	}
	if (admin.unannounced === undefined || admins.length > 1) return null;
	const left = admin.unannounced + announceGrace - clock.now();
	if (left > 0) return Math.min(left, announceGrace);
	await announceAgain(auth, admin, announce);
	return null;
};

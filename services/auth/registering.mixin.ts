import type { Context, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { CallMeta, RequestKey, Role } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { deriveId, newId } from "../../contracts/ids.ts";
import { causeOf } from "../../mixins/call-meta/call-meta.ts";
import { DuplicateKey } from "../../mixins/store/errors.ts";
import { createEntity } from "../../mixins/store/versioned.ts";
import { type AuthService, record, routeAction } from "./auth-base.ts";
import { requireGoodPassword } from "./password-rules.ts";
import { cleanName, emailKeyOf, newUser, type Registered, registeredEvent, toRegistered, type User } from "./user.ts";

interface Params {
	email: string;
	password: string;
	name: string;
	role?: Extract<Role, "buyer" | "seller">;
}

/** A request that made an account comes again: the first answer, if it is the same request. Its hash leaves the password out. */
const replay = async (
	auth: AuthService,
	user: User,
	password: string,
	request: RequestKey,
	meta: CallMeta,
): Promise<Registered> => {
	const same = user.request?.hash === request.hash && (await auth.hasher.verify(user.passwordHash, password));
	if (!same) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	if (request.named) meta.replayed = true;
	return toRegistered(user);
};

const isTaken = async ({ store }: AuthService, email: string): Promise<boolean> =>
	(await store.users.findOne({ emailKey: emailKeyOf(email) })) !== null;

const account = async (auth: AuthService, id: string, params: Params, request: RequestKey | undefined) => {
	const { email, password, role = "buyer" } = params;
	const name = cleanName(params.name);
	requireGoodPassword(password, { email, name }, "/password");
	if (await isTaken(auth, email)) throw new DomainError("EMAIL_TAKEN"); // before the hash, which costs most
	const passwordHash = await auth.hasher.hash(password);
	const kept = request && { request: { key: request.key, hash: request.hash } };
	return newUser({ id, email, name, roles: [role], passwordHash, now: clock.now(), ...kept });
};

/** Only the listed members of the body are read: whoever sends `roles` or `admin` gets an account without them. */
async function register(this: AuthService, ctx: Context<Params, CallMeta>): Promise<Registered> {
	const { request } = ctx.meta;
	const id = request ? deriveId("user", request.key) : newId();
	const again = (user: User): Promise<Registered> =>
		request ? replay(this, user, ctx.params.password, request, ctx.meta) : Promise.reject(new DomainError("EMAIL_TAKEN"));

	const earlier = request && (await this.store.users.findById(id));
	if (earlier) return again(earlier);
	try {
		const user = await account(this, id, ctx.params, request);
		const { created, entity } = await createEntity(this.store.users, user, [registeredEvent(user)], causeOf(ctx));
		if (!created) return await again(entity);
		record(this, ctx, `user ${id} registered as ${entity.roles.join(", ")}`);
		return toRegistered(entity);
	} catch (error) {
		if (!(error instanceof DuplicateKey) && !isEmailTaken(error)) throw error;
		// The address went to another account since we looked, or to this very request on another node.
		const ours = request && (await this.store.users.findById(id));
		if (ours) return again(ours);
		throw new DomainError("EMAIL_TAKEN");
	}
}

const isEmailTaken = (error: unknown): boolean => error instanceof DomainError && error.code === "EMAIL_TAKEN";

export const registering: Partial<ServiceSchema> = {
	actions: { register: routeAction("register", register) },
};

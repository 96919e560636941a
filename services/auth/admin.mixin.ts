import type { Context, ServiceSchema } from "moleculer";
import type { Static } from "typebox";
import type { CallMeta, Role } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { AdminUser } from "../../contracts/http/auth.ts";
import { adminOf, causeOf } from "../../mixins/call-meta/call-meta.ts";
import { noteWas } from "../../mixins/call-meta/noted.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { changeStanding } from "./admins.adapter.ts";
import { type AuthService, record, routeAction, userChanged } from "./auth-base.ts";
import { deleteAccount } from "./erasing.adapter.ts";
import { toAdminUser, type User } from "./user.ts";
import { byEmail, byName, findBy, newestFirst } from "./user-lists.ts";

// Users as admins see them.

interface ListParams {
	q?: string;
	limit?: number;
	cursor?: string;
}

const orderFor = (q: string | undefined) => {
	if (q === undefined || q.trim() === "") return newestFirst;
	return q.includes("@") ? byEmail(q) : byName(q);
};

/** Newest first; with `q` by the start of the name, or of the address if it has an @. */
async function listUsers(this: AuthService, ctx: Context<ListParams, CallMeta>): Promise<PageOf<Static<typeof AdminUser>>> {
	adminOf(ctx);
	const { q, cursor, limit = defaultLimit } = ctx.params;
	const order = orderFor(q);
	const rows = await this.store.users.find(findBy(order, cursor, limit));
	return toPage(rows, limit, toAdminUser, order.position);
}

interface UpdateParams {
	id: string;
	roles?: Role[];
	suspended?: boolean;
}

const requireMatch =
	({ ifMatch }: CallMeta) =>
	(user: User): void => {
		if (user.deletedAt !== undefined) throw new DomainError("NOT_FOUND");
		if (ifMatch !== undefined && ifMatch !== "*" && !ifMatch.includes(user.version)) throw new DomainError("VERSION_CONFLICT");
	};

async function updateUser(this: AuthService, ctx: Context<UpdateParams, CallMeta>): Promise<Static<typeof AdminUser>> {
	const admin = adminOf(ctx);
	const { id, roles, suspended } = ctx.params;
	const result = await changeStanding(this, id, { roles, suspended }, causeOf(ctx), requireMatch(ctx.meta));
	if (!result) throw new DomainError("NOT_FOUND");
	const { user, before } = result;
	noteWas(ctx, { roles: before.roles, suspended: before.suspended });
	const standing = `roles ${user.roles.join(", ") || "none"}${user.suspended ? ", suspended" : ""}`;
	if (result.changed) record(this, ctx, `user ${id} was changed by ${admin.id}: ${standing}`);
	if (result.user.endingSessions) await this.keeper.endVoid(result.user);
	if (result.changed) await userChanged(this, id);
	return toAdminUser(result.user);
}

/** Also of somebody who is gone: asked for again, what died in between is finished. */
async function eraseUser(this: AuthService, ctx: Context<{ id: string }, CallMeta>): Promise<void> {
	const admin = adminOf(ctx);
	const user = await this.store.users.findById(ctx.params.id);
	if (!user) throw new DomainError("NOT_FOUND");
	const changed = await deleteAccount(this, user, causeOf(ctx));
	if (changed) record(this, ctx, `user ${user._id} was deleted by ${admin.id}`);
}

export const administration: Partial<ServiceSchema> = {
	actions: {
		listUsers: routeAction("listUsers", listUsers),
		updateUser: routeAction("updateUser", updateUser),
		eraseUser: routeAction("eraseUser", eraseUser),
	},
};

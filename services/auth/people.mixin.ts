import type { Context, Service, ServiceSchema } from "moleculer";
import Type, { type Static } from "typebox";
import type { CallMeta, Role } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Person } from "../../contracts/http/auth.ts";
import { Id } from "../../contracts/http/common.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { type AuthService, internalAction, routeAction } from "./auth-base.ts";
import { isActive, toPerson, type User } from "./user.ts";
import { byName, findBy } from "./user-lists.ts";

// Other people, as far as anybody who is signed in may know them.

async function getUser(this: AuthService, ctx: Context<{ id: string }, CallMeta>): Promise<Static<typeof Person>> {
	const user = await this.store.users.findById(ctx.params.id);
	// A suspended person still has a name in the conversations of others.
	if (!user || user.deletedAt !== undefined) throw new DomainError("NOT_FOUND");
	return toPerson(user);
}

interface FindParams {
	q?: string;
	limit?: number;
	cursor?: string;
}

async function findUsers(this: AuthService, ctx: Context<FindParams, CallMeta>): Promise<PageOf<Static<typeof Person>>> {
	const { q = "", cursor, limit = defaultLimit } = ctx.params;
	const order = byName(q);
	const rows = await this.store.users.find(findBy(order, cursor, limit, { suspended: false }));
	return toPage(rows, limit, toPerson, order.position);
}

export interface Resolved {
	id: string;
	name: string;
	email: string;
	roles: Role[];
	active: boolean;
}

const ResolveParams = Type.Object({ id: Id });

const resolved = (user: User): Resolved => {
	const { _id, name, email, roles } = user;
	return { id: _id, name, email, roles, active: isActive(user) };
};

/** For other services: who is behind an id; null if nobody is (any more). May be a few seconds old. */
async function resolve(this: AuthService, ctx: Context<Static<typeof ResolveParams>, CallMeta>): Promise<Resolved | null> {
	const user = await this.store.users.findById(ctx.params.id);
	return user && user.deletedAt === undefined ? resolved(user) : null;
}

const ResolveManyParams = Type.Object({ ids: Type.Array(Id, { maxItems: 1_000 }) });

/** As `resolve` for many, in no order; who is nobody (any more) is left out. Not cached. */
async function resolveMany(this: AuthService, ctx: Context<Static<typeof ResolveManyParams>, CallMeta>): Promise<Resolved[]> {
	const users = await this.store.users.findByIds(ctx.params.ids);
	return users.filter(({ deletedAt }) => deletedAt === undefined).map(resolved);
}

/** Where a person is written to. */
export interface Contact {
	id: string;
	name: string;
	email: string;
	emailVerified: boolean;
}

const toContact = ({ _id, name, email, emailVerified }: User): Contact => ({ id: _id, name, email, emailVerified });

/**
 * Where to write to people, in no order; who is suspended or gone is left out. Never cached: nothing is sent to an address that was
 * given up a moment ago.
 */
async function contactsOf(this: AuthService, ctx: Context<Static<typeof ResolveManyParams>, CallMeta>): Promise<Contact[]> {
	const users = await this.store.users.findByIds(ctx.params.ids);
	return users.filter(isActive).map(toContact);
}

const cacheKey = (id: string): string => `auth.resolve:${id}`;

/**
 * Seconds. A read that was under way while the person was changed may be cached after the change has cleaned up: that is how old
 * an answer can be.
 */
const cacheFor = 5;

export const people: Partial<ServiceSchema> = {
	actions: {
		getUser: routeAction("getUser", getUser),
		findUsers: routeAction("findUsers", findUsers),
		resolve: internalAction(resolve, {
			params: typed(ResolveParams),
			cache: {
				ttl: cacheFor,
				keygen: (_action, _options, ctx) => cacheKey((ctx as unknown as Context<{ id: string }>).params.id),
			},
		}),
		resolveMany: internalAction(resolveMany, { params: typed(ResolveManyParams) }),
		contactsOf: internalAction(contactsOf, { params: typed(ResolveManyParams), cache: false }),
	},
	events: {
		"auth.user_changed": {
			async handler(this: Service, ctx: Context<{ id: string }>): Promise<void> {
				await this.broker.cacher?.del(cacheKey(ctx.params.id));
			},
		},
	},
};

import type { Context, ServiceSchema } from "moleculer";
import Type, { type Static } from "typebox";
import { clock } from "../../config/clock.ts";
import type { CallMeta, Scope, ServiceCaller } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { Id } from "../../contracts/http/common.ts";
import type { NewServiceKey, ServiceKeyView } from "../../contracts/http/service-keys.ts";
import { deriveId, newId } from "../../contracts/ids.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { adminOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import { noteWas } from "../../mixins/call-meta/noted.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import type { RevokedKey } from "../../mixins/service-key/index.ts";
import { StoreUnavailable, WriteUncertain } from "../../mixins/store/errors.ts";
import { type AuthService, internalAction, routeAction } from "./auth-base.ts";
import { callerOf, newServiceKey, type ServiceKey, shownOnce, toServiceKeyView, useIsDue, useNotedEvery } from "./service-key.ts";
import { cleanName } from "./user.ts";

// The keys of programs: admins make and revoke them, gateways ask about them.

interface ListParams {
	limit?: number;
	cursor?: string;
}

const Position = Type.Object({ after: Type.String(), of: Type.Literal("service keys") });

async function listKeys(this: AuthService, ctx: Context<ListParams, CallMeta>): Promise<PageOf<ServiceKeyView>> {
	adminOf(ctx);
	const { cursor, limit = defaultLimit } = ctx.params;
	const rows = await this.store.service_keys.find({
		where: { listKey: cursor === undefined ? { $exists: true } : { $lt: decodeCursor(cursor, Position).after } },
		sort: [["listKey", -1]],
		limit: limit + 1,
	});
	return toPage(rows, limit, toServiceKeyView, ({ listKey }) => ({ after: listKey ?? "", of: "service keys" }));
}

interface CreateParams {
	name: string;
	scopes: Scope[];
}

/** A second run, here or elsewhere, finds what the first one stored and shows the same key. */
async function createKey(this: AuthService, ctx: Context<CreateParams, CallMeta>): Promise<NewServiceKey> {
	const { id: createdBy } = adminOf(ctx);
	const request = requestOf(ctx);
	const { name, scopes } = ctx.params;
	const secrets = await this.keys.refreshKeys();
	const [secret] = secrets;
	if (!secret) throw new Error("the key set has no key to make service keys with"); // parseKeySet lets none such through
	const [id, salt, now] = [deriveId("service key", request.key), newId(), clock.now()];
	const ours = newServiceKey({ id, name: cleanName(name), scopes, createdBy, salt, now, request }, secret);
	const { document } = await this.store.service_keys.create(ours);
	const shown = shownOnce(document, request.hash, now, secrets);
	if (document.salt !== salt && request.named) ctx.meta.replayed = true;
	if (document.salt === salt) this.logger.info(`service key ${id} for ${scopes.join(", ")} was made by ${createdBy}`);
	return shown;
}

const tellRevoked = (auth: AuthService, keyId: string): Promise<void> =>
	auth.broker.broadcast("auth.key_revoked", { keyId } satisfies RevokedKey);

/** Whoever tries again after a crash between the write and the news finds it revoked, and tells the news all the same. */
async function revokeKey(this: AuthService, ctx: Context<{ id: string }, CallMeta>): Promise<void> {
	const { id: by } = adminOf(ctx);
	const { id } = ctx.params;
	const revoked = await this.store.service_keys.update(
		{ _id: id, revokedAt: { $exists: false } },
		{ $set: { revokedAt: new Date(clock.now()).toISOString() }, $unset: { digest: true, listKey: true } },
	);
	const known = revoked ?? (await this.store.service_keys.findById(id));
	if (known) noteWas(ctx, { name: known.name, scopes: known.scopes });
	if (known) await tellRevoked(this, id);
	if (!revoked) throw new DomainError("NOT_FOUND");
	this.logger.info(`service key ${id} was revoked by ${by}`);
}

/** When it was last used is for people to look at: no request of a program fails for it. */
const noteUse = async (auth: AuthService, key: ServiceKey): Promise<void> => {
	const now = clock.now();
	if (!useIsDue(key, now)) return;
	try {
		await auth.store.service_keys.update(
			{ _id: key._id, revokedAt: { $exists: false }, usedAt: { $lte: now - useNotedEvery } },
			{ $set: { usedAt: now } },
		);
	} catch (error) {
		if (!(error instanceof StoreUnavailable || error instanceof WriteUncertain)) throw error;
		auth.logger.warn(`the use of service key ${key._id} could not be noted: ${error.message}`);
	}
};

const Claim = Type.Object({ id: Id, digest: Type.String({ minLength: 43, maxLength: 43 }) });

/** For nodes that let programs in: who holds the key, read afresh; null if nobody does (any more). Takes the hash, never the key. */
async function verifyKey(this: AuthService, ctx: Context<Static<typeof Claim>, CallMeta>): Promise<ServiceCaller | null> {
	const key = await this.store.service_keys.findById(ctx.params.id);
	const caller = key && callerOf(key, ctx.params);
	if (key && caller) await noteUse(this, key);
	return caller;
}

export const serviceKeysOfPrograms: Partial<ServiceSchema> = {
	actions: {
		listKeys: routeAction("listKeys", listKeys),
		createKey: routeAction("createKey", createKey),
		revokeKey: routeAction("revokeKey", revokeKey),
		verifyKey: internalAction(verifyKey, { params: typed(Claim), cache: false }),
	},
};

import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import type { CallMeta } from "../../contracts/call.ts";
import {
	type NotificationKind,
	notificationKinds,
	type PreferencesChange,
	type PreferencesView,
	preferencesRoutes,
} from "../../contracts/http/preferences.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { callerOf, causeOf } from "../../mixins/call-meta/call-meta.ts";
import { type Handler, routeActions } from "../../mixins/route-actions/route-actions.ts";
import { type Cause, type Change, createEntity, mutate } from "../../mixins/store/versioned.ts";
import type { NotificationService } from "./notification-base.ts";
import {
	checkChange,
	decideChange,
	decideGone,
	decideTurnOff,
	type Preferences,
	preferencesView,
	settingsOf,
	standard,
} from "./preferences.ts";

// What people want to be told, and how. Kept for those who ever changed something.

const routeAction = routeActions<NotificationService>("notification", preferencesRoutes);

/** A second run decides `null`: what it would change is so already. */
const change = async (
	{ store }: NotificationService,
	userId: string,
	decide: (found: Preferences) => Change | null,
	cause: Cause,
): Promise<Preferences> => {
	const done = await mutate(store.preferences, userId, decide, cause);
	if (done) return done.entity;
	await createEntity<Preferences>(store.preferences, { _id: userId, ...standard }, [], cause);
	const made = await mutate(store.preferences, userId, decide, cause);
	if (!made) throw new Error(`the preferences of ${userId} were made and are not there`);
	return made.entity;
};

const get: Handler<NotificationService, object, PreferencesView> = async function (ctx) {
	return preferencesView(await this.store.preferences.findById(callerOf(ctx).id));
};

const set: Handler<NotificationService, PreferencesChange, PreferencesView> = async function (ctx) {
	checkChange(ctx.params);
	const { ifMatch } = ctx.meta;
	const decide = (found: Preferences) => decideChange(found, ctx.params, ifMatch);
	const { id } = callerOf(ctx);
	const now = await change(this, id, decide, causeOf(ctx));
	// Mails may wait for hours that are none any more. Where nobody hears it, they go when those would have ended.
	void this.broker.emit("notification.preferences_changed", { userId: id });
	return preferencesView(now);
};

interface PreferencesItem extends Omit<PreferencesView, "version"> {
	userId: string;
}

/** In the order of the ids. Of an account that is gone, or that there never was, what everybody begins with. */
async function preferencesOf(
	this: NotificationService,
	ctx: Context<{ userIds: string[] }>,
): Promise<{ items: PreferencesItem[] }> {
	const ids = [...new Set(ctx.params.userIds)];
	const found = await Promise.all(ids.map((id) => this.preferencesOf(id)));
	return { items: ids.map((userId, index) => ({ userId, ...settingsOf(found[index]) })) };
}

/** No mails of this kind any more. Answers whether it is off now: some kinds cannot be turned off. */
async function turnOff(
	this: NotificationService,
	ctx: Context<{ userId: string; kind: NotificationKind }, CallMeta>,
): Promise<{ off: boolean }> {
	const { userId, kind } = ctx.params;
	const now = await change(this, userId, (found) => decideTurnOff(found, kind), causeOf(ctx));
	return { off: !settingsOf(now).kinds[kind].email };
}

export const forgetPreferences = async (service: NotificationService, userId: string): Promise<void> => {
	await change(service, userId, decideGone, { at: clock.now() });
};

const UserId = Type.String({ minLength: 1, maxLength: 64 });

export const choosing: Partial<ServiceSchema> = {
	actions: {
		preferences: routeAction("preferences", get),
		setPreferences: routeAction("setPreferences", set),
		preferencesOf: {
			visibility: "public",
			params: typed(Type.Object({ userIds: Type.Array(UserId, { maxItems: 10_000 }) })),
			handler: preferencesOf,
		},
		turnOff: {
			visibility: "public",
			params: typed(Type.Object({ userId: UserId, kind: Type.Enum([...notificationKinds]) })),
			handler: turnOff,
		},
	} as unknown as NonNullable<ServiceSchema["actions"]>, // Moleculer's types do not know whose `this` it is
};

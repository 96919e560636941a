import type { Context } from "moleculer";

type Was = Readonly<Record<string, unknown>>;

const noted = new WeakMap<object, Was>();

/** For the audit log, from an action that changes something for an administrator: what was there before, which nobody can look up afterwards. No secrets. */
export const noteWas = (ctx: Context<unknown, object>, was: Was): void => void noted.set(ctx, was);

export const notedWas = (ctx: object): Was | undefined => noted.get(ctx);

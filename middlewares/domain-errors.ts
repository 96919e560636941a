import { Errors, type Middleware } from "moleculer";
import { DomainError, type ErrorExtras, errorTable, isErrorCode } from "../contracts/errors.ts";
import { StoreUnavailable, WriteUncertain } from "../mixins/store/errors.ts";
import { Contended } from "../mixins/store/versioned.ts";
import { LogUnavailable, LogUncertain } from "../realtime/log.ts";

/** What a DomainError looks like once it has left its action: `type` is the code, `code` the status, `data` the extras. */
export const toWire = (error: DomainError): Error => {
	const wire = new Errors.MoleculerError(error.message, errorTable[error.code].status, error.code, error.extras);
	if (error.stack) wire.stack = error.stack;
	return wire;
};

/**
 * The DomainError that an action refused with, here or on another node, or null if it was something else. Custom classes do not
 * survive the wire, so callers that decide on a refusal ask this and switch on its `code`.
 */
export const fromWire = (error: unknown): DomainError | null => {
	if (error instanceof DomainError) return error;
	if (!(error instanceof Error)) return null;
	const { type, code, data } = error as { type?: unknown; code?: unknown; data?: unknown };
	// Moleculer has types of its own: the status must agree too before we take one for ours.
	if (!isErrorCode(type) || code !== errorTable[type].status) return null;
	return Object.assign(new DomainError(type, error.message, (data ?? {}) as ErrorExtras), { cause: error });
};

/** A store or a log that is away, or an entity that everybody changes at once, is no fault of the action: callers hear UNAVAILABLE and may come again. */
const passes = (error: unknown): error is Error =>
	error instanceof StoreUnavailable ||
	error instanceof WriteUncertain ||
	error instanceof Contended ||
	error instanceof LogUnavailable ||
	error instanceof LogUncertain;

/** As a caller may hear it; null: a failure that nobody chose to tell of. */
export const refusalOf = (error: unknown): DomainError | null => {
	const known = fromWire(error);
	if (known) return known.code === "INTERNAL" ? null : known;
	return passes(error) ? Object.assign(new DomainError("UNAVAILABLE"), { cause: error }) : null;
};

/** Puts the DomainErrors that actions throw into the form that survives the wire. */
export const domainErrors = (): Middleware => ({
	name: "DomainErrors",
	// `bind` only satisfies the declared type: Moleculer has bound the handler to its service before any middleware sees it.
	localAction(next, { name }) {
		const action = next.bind(undefined as never);
		return (ctx) =>
			action(ctx).catch((error: unknown) => {
				if (error instanceof DomainError) throw toWire(error);
				if (!passes(error)) throw error;
				this.logger.warn(`${name} could not do its work on the store: ${error.message}`);
				// The cause stays in this process: it is for whoever debugs here, and does not survive the wire.
				throw Object.assign(toWire(new DomainError("UNAVAILABLE")), { cause: error });
			});
	},
});

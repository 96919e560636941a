import { clock } from "../../config/clock.ts";
import type { CallMeta, RequestKey } from "../../contracts/call.ts";
import { type Cause, createEntity, mutate } from "../../mixins/store/versioned.ts";
import { tellMoved } from "./changes.mixin.ts";
import {
	answered,
	decideMove,
	type Inbox,
	type Move,
	type Moved,
	type MoveInput,
	movedOf,
	newInbox,
	readUpTo,
	userOf,
} from "./inbox.ts";
import type { NotificationService } from "./notification-base.ts";

// What a user does with their notifications: over REST and over sockets the same, and always one write.

export interface Moving {
	move: Move;
	/** The notification; or up to which, as far as there are any: all if it is left out. */
	seq?: number | undefined;
	request?: RequestKey | undefined;
	ifMatch?: CallMeta["ifMatch"];
}

export interface Outcome extends Moved {
	replayed: boolean;
	/** As it is now; not of the first answer, if this is a repeat. */
	readUpTo: number;
}

const make = async ({ store }: NotificationService, stream: string, cause: Cause): Promise<void> => {
	await createEntity<Inbox>(store.inboxes, newInbox(userOf(stream), new Date(cause.at).toISOString()), [], cause);
};

/** Throws NOT_FOUND, VERSION_CONFLICT, IDEMPOTENCY_KEY_REUSED. */
export const moveInbox = async (
	service: NotificationService,
	stream: string,
	{ seq, ...asked }: Moving,
	cause: Cause = { at: clock.now() },
): Promise<Outcome> => {
	const { inbox, tail } = await service.bell.standing(stream);
	const input: MoveInput = { ...asked, tail, seq: Math.min(seq ?? tail, tail) };
	if (!inbox) await make(service, stream, cause);
	// Whether a version conflicts is decided on what is stored, not on what was.
	const known = asked.ifMatch === undefined && inbox ? inbox : undefined;
	const done = await mutate(service.store.inboxes, stream, (found) => decideMove(found, input, cause.at), cause, known);
	if (!done) throw new Error(`${stream} was made and is not there`);
	if (done.changed) tellMoved(service, stream);
	const first = done.changed ? undefined : answered(done.entity, input);
	return { ...(first ?? movedOf(done.entity, input)), replayed: first !== undefined, readUpTo: readUpTo(done.entity) };
};

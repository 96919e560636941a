import { DomainError } from "../../contracts/errors.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import type { StreamHome } from "../../mixins/streams/ports.ts";
import { userOf } from "./inbox.ts";
import { moveInbox } from "./moving.adapter.ts";
import type { NotificationService } from "./notification-base.ts";

// What sockets may do in an inbox: follow their own, and say how far it is read.

/** Throws NOT_FOUND: whether somebody has an inbox is nobody else's business. */
const requireOwn = (stream: string, userId: string): void => {
	if (stream !== inboxOf(userId)) throw new DomainError("NOT_FOUND");
};

export const notificationHome = (service: NotificationService): StreamHome => ({
	log: service.log,
	registry: { connections: service.store.inbox_connections, leases: service.store.leases },
	async admit(stream, { id }) {
		requireOwn(stream, id);
	},
	// An inbox has one member for good: nobody can be removed from it, and when the account goes, its session ends, and the socket with that.
	async of(stream) {
		return { has: (userId) => userId === userOf(stream) };
	},
	async greet(stream, userId) {
		requireOwn(stream, userId);
		const { counters } = await service.bell.standing(stream);
		return { members: [], reads: {}, counters };
	},
	handlers: {
		async read(stream, _caller, seq) {
			const done = await moveInbox(service, stream, { move: "readAll", seq });
			return { seq: done.readUpTo };
		},
	},
	observer: {
		advanced(stream, tail) {
			service.tails.learn(stream, tail);
			service.bell.ring(stream);
		},
	},
});

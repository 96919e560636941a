import type { Server, Socket } from "socket.io";
import { DomainError } from "../../contracts/errors.ts";

type Conn = Socket["conn"];

interface Seat {
	/** Messages so far; no longer counted once it has joined. */
	said: number;
	taken: boolean;
	user: string | undefined;
	hear(packet: { type: string }): void;
}

/** Joining takes one message; a client whose token was refused may come again on the same connection, a few times. */
const mostBeforeJoin = 10;
/**
 * What one connection may take before it follows a stream, and how many one user may have. A seat is taken before anything is awaited, so that many
 * that come at once do not all pass; it is given back when the join is refused and when the connection ends, however that comes about.
 */
export class Gate {
	readonly #seats = new WeakMap<Conn, Seat>();
	readonly #byUser = new Map<string, number>();

	readonly #mostOfUser: number;

	/** @param mostOfUser connections of one user to this node */
	constructor(mostOfUser: number) {
		this.#mostOfUser = mostOfUser;
	}

	/** Users with a connection. */
	get users(): number {
		return this.#byUser.size;
	}

	watch(io: Server): void {
		// An event of engine.io; socket.io's types name only its own.
		io.engine.on("connection", (conn: Conn) => void this.#seatOf(conn));
	}

	/** Throws WRONG_STREAM: two streams would share the connection, and be counted, paused and ended as one. */
	take(conn: Conn): void {
		const seat = this.#seatOf(conn);
		if (seat.taken) throw new DomainError("WRONG_STREAM", "One connection follows one stream: connect with forceNew");
		seat.taken = true;
	}

	/** Whose it is. Throws RATE_LIMITED. */
	count(conn: Conn, userId: string): void {
		const seat = this.#seats.get(conn);
		const others = this.#byUser.get(userId) ?? 0;
		if (others >= this.#mostOfUser) throw new DomainError("RATE_LIMITED", "Too many connections of one user", { retryAfter: 1 });
		// Ended while it waited: nobody would give it back.
		if (!seat || seat.user !== undefined || conn.readyState !== "open") return;
		seat.user = userId;
		this.#byUser.set(userId, others + 1);
	}

	joined(conn: Conn): void {
		const seat = this.#seats.get(conn);
		if (seat) conn.off("packet", seat.hear);
	}

	/** The join was refused, or the connection has ended. */
	free(conn: Conn): void {
		const seat = this.#seats.get(conn);
		if (!seat) return;
		seat.taken = false;
		if (seat.user === undefined) return;
		const left = (this.#byUser.get(seat.user) ?? 1) - 1;
		if (left > 0) this.#byUser.set(seat.user, left);
		else this.#byUser.delete(seat.user);
		seat.user = undefined;
	}

	#seatOf(conn: Conn): Seat {
		const known = this.#seats.get(conn);
		if (known) return known;
		const hear = ({ type }: { type: string }): void => {
			if (type !== "message") return;
			seat.said += 1;
			// Refusals are answered, and nothing bounds the answers of who does not read them.
			if (seat.said > mostBeforeJoin) conn.close();
		};
		const seat: Seat = { said: 0, taken: false, user: undefined, hear };
		this.#seats.set(conn, seat);
		conn.on("packet", hear);
		conn.once("close", () => this.free(conn));
		return seat;
	}
}

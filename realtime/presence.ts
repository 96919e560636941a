import type { PresenceMessage, PresenceState } from "../contracts/stream-messages.ts";
import type { Timers } from "./ports.ts";

interface Person {
	/** One a connection: a user is online if any of them is, and away if all that are left are. */
	devices: Map<object, Exclude<PresenceState, "offline">>;
	state: PresenceState;
	lastSeen: number;
	cancelLeaving: (() => void) | null;
}

const stateOf = (person: Person): PresenceState => {
	if (person.devices.size === 0) return "offline";
	return [...person.devices.values()].includes("online") ? "online" : "away";
};

/** Who follows one stream. Kept in memory alone: who follows is connected here, and what is lost is said again by whoever comes back. */
export class Presence {
	readonly #people = new Map<string, Person>();
	readonly #timers: Timers;
	readonly #graceMs: number;
	readonly #mostRows: number;
	readonly #changed: (row: PresenceMessage) => void;

	constructor(timers: Timers, graceMs: number, mostRows: number, changed: (row: PresenceMessage) => void) {
		this.#timers = timers;
		this.#graceMs = graceMs;
		this.#mostRows = mostRows;
		this.#changed = changed;
	}

	rows(): PresenceMessage[] {
		return [...this.#people].map(([userId, person]) => this.#row(userId, person));
	}

	join(userId: string, device: object): void {
		const person = this.#people.get(userId) ?? { devices: new Map(), state: "offline", lastSeen: 0, cancelLeaving: null };
		this.#people.set(userId, person);
		person.cancelLeaving?.();
		person.cancelLeaving = null;
		this.#setDevice(userId, person, device, "online");
	}

	set(userId: string, device: object, state: Exclude<PresenceState, "offline">): void {
		const person = this.#people.get(userId);
		if (person?.devices.has(device)) this.#setDevice(userId, person, device, state);
	}

	/** Whoever comes back within the grace was never gone for the others. */
	leave(userId: string, device: object): void {
		const person = this.#people.get(userId);
		if (!person?.devices.delete(device)) return;
		if (person.devices.size > 0) {
			this.#settle(userId, person);
			return;
		}
		person.lastSeen = this.#timers.now();
		person.cancelLeaving = this.#timers.after(this.#graceMs, () => {
			person.cancelLeaving = null;
			this.#settle(userId, person);
			this.#forgetOldest();
		});
	}

	end(): void {
		for (const person of this.#people.values()) person.cancelLeaving?.();
		this.#people.clear();
	}

	#setDevice(userId: string, person: Person, device: object, state: Exclude<PresenceState, "offline">): void {
		person.devices.set(device, state);
		person.lastSeen = this.#timers.now();
		this.#settle(userId, person);
	}

	#settle(userId: string, person: Person): void {
		const state = stateOf(person);
		if (state === person.state) return;
		person.state = state;
		this.#changed(this.#row(userId, person));
	}

	#forgetOldest(): void {
		if (this.#people.size <= this.#mostRows) return;
		for (const [userId, { state }] of this.#people) {
			if (state === "offline") return void this.#people.delete(userId);
		}
	}

	#row(userId: string, { state, lastSeen }: Person): PresenceMessage {
		return { userId, state, lastSeen: new Date(lastSeen).toISOString() };
	}
}

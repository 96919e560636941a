import { newId } from "../../contracts/ids.ts";
import type { Collection, Document } from "../store/port.ts";

// One holder at a time for work that should be done once, not everywhere. Used by everyUnderLease().

export interface LeaseDocument extends Document {
	/** "" while nobody holds it. */
	holder: string;
	/** Grows with every renewal: a beat that stands still means that the holder is dead, or paused. */
	beat: number;
	/** Grows with every change of holder: a fence for what is written under the lease. */
	epoch: number;
}

export interface LeaseOptions {
	name: string;
	leases: Collection<LeaseDocument>;
	/** How long, in ms, the beat must stand still before another takes over. Renewed at a third of it. */
	timeoutMs: number;
	/** Monotonic, in ms. Only differences count, so no two nodes need to agree on the time. */
	monotonic?: () => number;
}

/** From taking the lease to losing it. */
export interface Term {
	readonly epoch: number;
	/** Aborts when the lease is lost, or can no longer be known to be held. */
	readonly signal: AbortSignal;
}

interface Held extends Term {
	readonly end: AbortController;
	expires: NodeJS.Timeout | undefined;
}

/**
 * A lease saves work, it never guards facts: a paused holder may wake at any moment and finish what it was at. So whatever is
 * written under it is filtered on what was read (a version, `outboxAt`, this `epoch`), and a second run finds it done.
 *
 * The holder gives up at two thirds of the time-out, counted from before it asked for the renewal; a taker waits for all
 * of it, counted from after it saw the last beat. No clocks are compared.
 */
export class Lease {
	readonly #name: string;
	readonly #leases: Collection<LeaseDocument>;
	readonly #timeoutMs: number;
	readonly #monotonic: () => number;
	readonly #holder = newId();
	#held: Held | undefined;
	#seen: { beat: string; since: number } | undefined;

	constructor({ name, leases, timeoutMs, monotonic = () => performance.now() }: LeaseOptions) {
		this.#name = name;
		this.#leases = leases;
		this.#timeoutMs = timeoutMs;
		this.#monotonic = monotonic;
	}

	get term(): Term | null {
		return this.#held ?? null;
	}

	/** Renews it, or tries to take it; to be called every third of the time-out. Throws what the store throws. */
	async beat(): Promise<Term | null> {
		if (this.#held) await this.#renew(this.#held);
		else await this.#tryTake();
		return this.term;
	}

	/** Lets it go, so that the next one need not wait. If that does not arrive, the others wait out the time-out. */
	async release(): Promise<void> {
		const held = this.#held;
		if (!held) return;
		this.#lose(held);
		await this.#leases.update({ _id: this.#name, holder: this.#holder, epoch: held.epoch }, { $set: { holder: "" } });
	}

	async #renew(held: Held): Promise<void> {
		const asked = this.#monotonic();
		const renewed = await this.#leases.update(
			{ _id: this.#name, holder: this.#holder, epoch: held.epoch },
			{ $inc: { beat: 1 } },
		);
		if (this.#held !== held) return; // expired or released while we asked
		if (renewed) this.#extend(held, asked);
		else this.#lose(held);
	}

	async #tryTake(): Promise<void> {
		const asked = this.#monotonic();
		const found = await this.#leases.findById(this.#name);
		if (!found) return this.#make(asked);
		if (found.holder !== "" && found.holder !== this.#holder && !this.#stoodStill(found)) return;
		const taken = await this.#leases.update(
			{ _id: this.#name, holder: found.holder, beat: found.beat, epoch: found.epoch },
			{ $set: { holder: this.#holder }, $inc: { beat: 1, epoch: 1 } },
		);
		if (taken) this.#hold(taken.epoch, asked);
	}

	async #make(asked: number): Promise<void> {
		const fresh = { _id: this.#name, holder: this.#holder, beat: 1, epoch: 1 };
		const { document } = await this.#leases.create(fresh);
		if (document.holder === this.#holder) this.#hold(document.epoch, asked);
	}

	#stoodStill({ holder, epoch, beat }: LeaseDocument): boolean {
		const now = this.#monotonic();
		const seen = `${holder}:${epoch}:${beat}`;
		if (this.#seen?.beat !== seen) this.#seen = { beat: seen, since: now };
		return now - this.#seen.since >= this.#timeoutMs;
	}

	#hold(epoch: number, asked: number): void {
		const end = new AbortController();
		const held: Held = { epoch, end, signal: end.signal, expires: undefined };
		this.#held = held;
		this.#seen = undefined;
		this.#extend(held, asked);
	}

	#extend(held: Held, asked: number): void {
		clearTimeout(held.expires);
		const left = asked + (this.#timeoutMs * 2) / 3 - this.#monotonic();
		// With nothing left the answer took so long that somebody may have it already.
		if (left <= 0) this.#lose(held);
		else held.expires = setTimeout(() => this.#lose(held), left).unref();
	}

	#lose(held: Held): void {
		clearTimeout(held.expires);
		if (this.#held === held) this.#held = undefined;
		held.end.abort();
	}
}

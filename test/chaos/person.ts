import type { Entry } from "../../realtime/entry.ts";
import type { Asked, Recorder, Session, Try } from "./history.ts";
import type { Moment } from "./plan.ts";
import type { Ack, Link, World } from "./world.ts";

// A client of one stream that keeps to the protocol and writes down what it sees. It believes nothing: what the SDK would put right
// without a word (an entry twice, a hole) goes into the history as it came.

const shortest = 10;
const longest = 1_000;

interface Pending {
	readonly attempt: Try;
	inFlight: boolean;
}

export interface PersonOptions {
	name: string;
	user: string;
	stream: string;
	world: World;
	recorder: Recorder;
	/** In [0, 1). */
	random: () => number;
}

export class Person {
	readonly name: string;
	readonly user: string;
	readonly stream: string;
	readonly #world: World;
	readonly #recorder: Recorder;
	readonly #random: () => number;
	readonly #pending = new Set<Pending>();
	#position: Asked = {};
	#follows = false;
	#link: Link | undefined;
	#session: Session | undefined;
	#cutAt: Moment | undefined;
	#failures = 0;
	#undo: () => void = () => undefined;

	constructor({ name, user, stream, world, recorder, random }: PersonOptions) {
		this.name = name;
		this.user = user;
		this.stream = stream;
		this.#world = world;
		this.#recorder = recorder;
		this.#random = random;
	}

	get follows(): boolean {
		return this.#follows;
	}

	/** The last seq it saw; 0 if none. */
	get after(): number {
		return this.#position.after ?? 0;
	}

	get unanswered(): number {
		return this.#pending.size;
	}

	/** From its position on if it has one; otherwise from where the plan says. */
	follow(from: "start" | "newest"): void {
		if (this.#follows) return;
		this.#follows = true;
		if (from === "start" && this.#position.after === undefined) this.#position = { after: 0 };
		this.#dial();
	}

	post(id: string, text: string, over: "socket" | "rest"): void {
		const { name: who, stream, user: from } = this;
		const pending: Pending = { attempt: this.#recorder.try({ who, stream, from, id, text }), inFlight: false };
		this.#pending.add(pending);
		if (over === "rest") this.#postOverRest(pending);
		else this.#send(pending);
	}

	cut(moment: Moment): void {
		if (moment !== "now") this.#cutAt = moment;
		if (this.#link) this.#letGo("cut by the client");
	}

	/** Ends its connection and stays away; what it has posted and is not answered, it sends again over REST. */
	leave(): void {
		if (!this.#follows) return;
		this.#follows = false;
		this.#undo();
		this.#end("left");
		for (const pending of this.#pending) if (!pending.inFlight) this.#postOverRest(pending);
	}

	/** Everything it said so far is judged; nothing is heard of it any more. */
	stop(): void {
		this.#undo();
		this.#end("the run is over");
		this.#pending.clear();
	}

	#dial(): void {
		const session = this.#recorder.session(this.name, this.stream, this.#position);
		this.#session = session;
		const mine = (act: () => void): void => {
			if (this.#session === session) act();
		};
		this.#link = this.#world.dial(this.user, this.stream, session.asked, {
			ready: (ready) => mine(() => this.#ready(session, ready)),
			entries: (entries) => mine(() => this.#entries(session, entries)),
			ended: (why) => mine(() => this.#letGo(why)),
		});
		this.#cutIf("dialled");
	}

	#ready(session: Session, ready: { seq: number; reset: boolean }): void {
		session.ready = ready;
		this.#failures = 0;
		if (ready.reset) this.#position = {};
		if (this.#cutIf("ready")) return;
		for (const pending of this.#pending) if (!pending.inFlight) this.#send(pending);
	}

	#entries(session: Session, entries: readonly Entry[]): void {
		if (!session.ready) session.early = true;
		session.entries.push(...entries);
		const last = entries.at(-1);
		if (last) this.#position = { after: last.seq, lastId: last.id };
		this.#cutIf("first entries");
	}

	#cutIf(moment: Moment): boolean {
		if (this.#cutAt !== moment) return false;
		this.#cutAt = undefined;
		this.#letGo(`cut by the client: ${moment}`);
		return true;
	}

	/** The connection is gone; the next one comes with full jitter. */
	#letGo(why: string): void {
		this.#end(why);
		if (!this.#follows) return;
		this.#failures += 1;
		this.#undo();
		this.#undo = this.#world.later(this.#jitter(), () => this.#dial());
	}

	#end(why: string): void {
		if (this.#session) this.#session.ended = why;
		this.#session = undefined;
		const link = this.#link;
		this.#link = undefined;
		link?.end();
		for (const pending of this.#pending) pending.inFlight = false;
	}

	#jitter(): number {
		return shortest + this.#random() * Math.min(longest, 50 * 2 ** Math.min(this.#failures, 10));
	}

	#send(pending: Pending): void {
		const link = this.#link;
		if (!link || !this.#session?.ready) {
			if (!this.#follows) this.#postOverRest(pending);
			return; // goes out when the next connection is greeted
		}
		pending.inFlight = true;
		link.post(pending.attempt.id, pending.attempt.text, (ack) => {
			if (this.#link !== link) return;
			pending.inFlight = false;
			this.#answered(pending, ack, () => this.#send(pending));
		});
	}

	#postOverRest(pending: Pending): void {
		if (!this.#pending.has(pending) || pending.inFlight) return;
		pending.inFlight = true;
		const { id, text } = pending.attempt;
		this.#world.post(this.user, this.stream, id, text, (ack) => {
			pending.inFlight = false;
			this.#answered(pending, ack, () => this.#postOverRest(pending));
		});
	}

	#answered(pending: Pending, ack: Ack | null, again: () => void): void {
		if (!this.#pending.has(pending)) return;
		if (ack === null || (!ack.ok && ack.retryable)) {
			this.#world.later(this.#jitter(), () => {
				if (this.#pending.has(pending) && !pending.inFlight) again();
			});
			return;
		}
		this.#pending.delete(pending);
		pending.attempt.outcome = ack.ok ? { kind: "acked", seq: ack.seq } : { kind: "refused", code: ack.code };
	}
}

import type { Entry } from "../../realtime/entry.ts";
import { seeded } from "../support/random.ts";
import { check, type Violation } from "./checker.ts";
import { type History, Recorder } from "./history.ts";
import { Person } from "./person.ts";
import { type ClientStep, isFault, type Plan, stepText } from "./plan.ts";
import { SdkFollower } from "./sdk-follower.ts";
import type { World, WorldSource } from "./world.ts";

// Plays a plan in a world, lets everything heal, waits until everybody has reached the end, and writes down what was seen.

/** Devices a user: two of the same person post under different ids and follow the same stream. */
const people = 6;
const pollMs = 25;
/** Times the bound of a world, as long as somebody gets further. */
const stepsOfSettling = 2;

export interface Played {
	readonly plan: Plan;
	readonly history: History;
	readonly violations: readonly Violation[];
}

interface Posted {
	user: string;
	stream: string;
	id: string;
	text: string;
}

export const play = async (source: WorldSource, plan: Plan): Promise<Played> => {
	const world = await source.open(plan.seed);
	try {
		const history = await new Run(world, plan).play();
		return { plan, history, violations: check(history) };
	} finally {
		await world.close();
	}
};

class Run {
	readonly #world: World;
	readonly #plan: Plan;
	readonly #recorder = new Recorder();
	readonly #people: readonly Person[];
	readonly #posted: Posted[] = [];
	readonly #followers: readonly SdkFollower[];

	constructor(world: World, plan: Plan) {
		this.#world = world;
		this.#plan = plan;
		const random = seeded(plan.seed ^ 0x5eed);
		const { users, streams } = world;
		this.#people = Array.from({ length: people }, (_, index) => {
			// biome-ignore lint/style/noNonNullAssertion: a world has users and streams, and the index is taken modulo their number
			const [user, stream] = [users[index % users.length]!, streams[Math.floor(index / users.length) % streams.length]!];
			return new Person({ name: `p${index}`, user, stream, world, recorder: this.#recorder, random });
		});
		this.#followers = world.follow ? streams.map((stream) => new SdkFollower(world, users[0] ?? "", stream, this.#recorder)) : [];
	}

	async play(): Promise<History> {
		for (const step of this.#plan.steps) {
			if (step.do === "wait") await this.#world.pause(step.ms);
			else if (isFault(step)) this.#noteFault(this.#world.apply(step), stepText(step));
			else this.#act(step);
		}
		for (const remark of await this.#world.heal()) this.#recorder.remark({ kind: "crash", what: remark });
		this.#recorder.fault("all is healed");
		await this.#settle();
		await this.#judge();
		return this.#recorder;
	}

	#noteFault(done: string | null, step: string): void {
		this.#recorder.fault(done ?? `not done: ${step}`);
	}

	#act(step: ClientStep): void {
		// biome-ignore lint/style/noNonNullAssertion: taken modulo their number
		const person = this.#people[step.who % people]!;
		switch (step.do) {
			case "post":
				for (let left = step.count; left > 0; left--) this.#post(person, step.over);
				return;
			case "repost":
			case "reuse": {
				const earlier = this.#earlier(person, step.back);
				if (!earlier) return;
				const text = step.do === "reuse" ? `${earlier.text} (changed)` : earlier.text;
				person.post(earlier.id, text, step.do === "repost" ? step.over : "socket");
				return;
			}
			case "follow":
				person.follow(step.from);
				return;
			case "cut":
				person.cut(step.moment);
				return;
			case "leave":
				person.leave();
				return;
			case "read":
				this.#read(person);
				return;
		}
	}

	#post(person: Person, over: "socket" | "rest"): void {
		const number = this.#posted.length + 1;
		const { user, stream } = person;
		const posted = { user, stream, id: `${person.name}-${number}`, text: `post ${number} of ${person.name}` };
		this.#posted.push(posted);
		person.post(posted.id, posted.text, over);
	}

	#earlier({ user, stream }: Person, back: number): Posted | undefined {
		return this.#posted.filter((posted) => posted.user === user && posted.stream === stream).at(-1 - back);
	}

	#read({ name, user, stream, after }: Person): void {
		const from = Math.max(0, after - 20);
		this.#world.page(user, stream, from, (entries) => {
			if (entries) this.#recorder.page(name, stream, from, entries);
		});
	}

	/**
	 * Ends when everybody has everything, or when nobody got any further for as long as the world allows: what is missing then is for the
	 * checker to say. On a busy machine some get further slowly.
	 */
	async #settle(): Promise<void> {
		let end = this.#world.now() + this.#world.settleMs;
		const last = end + stepsOfSettling * this.#world.settleMs;
		for (let seen = ""; this.#world.now() < Math.min(end, last); ) {
			await this.#world.pause(pollMs);
			const state = this.#state();
			if (state !== seen) end = this.#world.now() + this.#world.settleMs;
			seen = state;
			if (this.#people.some(({ unanswered }) => unanswered > 0)) continue;
			if (await this.#isEverybodyThere()) return;
		}
	}

	#state(): string {
		const followers = this.#followers.map(({ after }) => after);
		return [...this.#people.map(({ after, unanswered }) => `${after} ${unanswered}`), ...followers].join();
	}

	async #isEverybodyThere(): Promise<boolean> {
		for (const person of [...this.#people, ...this.#followers]) {
			if (!person.follows) continue;
			const rest = await this.#ask(person.user, person.stream, person.after);
			if (rest === null || rest.length > 0) return false;
		}
		return true;
	}

	async #judge(): Promise<void> {
		for (const stream of this.#world.streams) {
			const log = await this.#wholeLog(stream);
			if (log) this.#recorder.logs.set(stream, log);
		}
		for (const person of [...this.#people, ...this.#followers]) {
			const { name: who, stream, after, follows } = person;
			if (follows) this.#recorder.positions.push({ who, stream, after });
			person.stop();
		}
	}

	async #wholeLog(stream: string): Promise<Entry[] | null> {
		const [reader = ""] = this.#world.users;
		const log: Entry[] = [];
		let answered = false;
		const end = this.#world.now() + this.#world.settleMs;
		while (this.#world.now() < end) {
			const page = await this.#ask(reader, stream, log.at(-1)?.seq ?? 0);
			// An owner that was replaced may not know of the end yet: whoever was told of more is right.
			if (page?.length === 0 && (log.at(-1)?.seq ?? 0) >= this.#recorder.highest(stream)) return log;
			answered = page !== null;
			if (page && page.length > 0) log.push(...page);
			else await this.#world.pause(pollMs);
		}
		if (answered) return log;
		const what = [`${stream} cannot be read although all is healed`, ...(this.#world.troubles?.() ?? [])].join("\n");
		this.#recorder.remark({ kind: "unreadable", what });
		return null;
	}

	/** The clock of the world goes on while the answer is awaited. */
	async #ask(user: string, stream: string, after: number): Promise<readonly Entry[] | null> {
		let answer: readonly Entry[] | null | undefined;
		this.#world.page(user, stream, after, (entries) => {
			answer = entries;
		});
		while (answer === undefined) await this.#world.pause(5);
		return answer;
	}
}

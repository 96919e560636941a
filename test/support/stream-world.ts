import { setImmediate as turn } from "node:timers/promises";
import type { Scheduler } from "fast-check";
import { Engine } from "../../realtime/engine.ts";
import type { Entry } from "../../realtime/entry.ts";
import type { Limits } from "../../realtime/limits.ts";
import { type Appended, type Draft, LogUnavailable, LogUncertain, type StreamLog } from "../../realtime/log.ts";
import type { Ports } from "../../realtime/ports.ts";
import { ManualTimers } from "./manual-timers.ts";
import { JsonEncoder, RecordingSink, type TestFrame } from "./recording-sink.ts";
import { SqliteStreamLog } from "./sqlite-stream-log.ts";
import { StreamChecker } from "./stream-checker.ts";
import { said } from "./stream-house.ts";

export const faults = ["none", "lost after", "lost before", "lost halfway", "refused"] as const;
export type Fault = (typeof faults)[number];

export type Step =
	| { do: "post"; node: number; id: number }
	| { do: "connect"; node: number; client: number }
	| { do: "cut" | "slow" | "drain"; client: number }
	| { do: "crash" | "release"; node: number }
	| { do: "tick" };

/** What is broken on purpose. */
export interface Breakage {
	log?: () => SqliteStreamLog;
	/** Wraps the log of each node. */
	wrap?: (log: StreamLog) => StreamLog;
	engine?: (ports: Ports<TestFrame>, limits: Partial<Limits>) => Engine<TestFrame>;
}

const stream = "g-1";
const clients = ["bob", "eve", "joe"];
/** So small that a few entries reach every bound. */
const limits: Partial<Limits> = {
	batchEntries: 3,
	recentEntries: 3,
	pageEntries: 2,
	sinkBytes: 300,
	sinkEntries: 2,
	tries: 2,
	retryMs: 10,
	answerMs: 900,
	backstopMs: 1_000,
	backstopRoundMs: 800,
	idleMs: 3_000,
	flushMs: 500,
};

interface Node {
	engine: Engine<TestFrame>;
	dead: boolean;
}

const never = <T>(): Promise<T> => new Promise(() => {});

/** A client's connection; it ends with its node. */
class Connection extends RecordingSink {
	readonly node: Node;
	constructor(node: Node) {
		super();
		this.node = node;
	}
}

/** Nodes, clients and one log, where everything that can wait is let go by the scheduler, one at a time. */
export class StreamWorld {
	readonly checker = new StreamChecker();
	/** The engines that there were. */
	readonly engines: Engine<TestFrame>[] = [];
	readonly #scheduler: Scheduler;
	readonly #faults: Fault[];
	readonly #breakage: Breakage;
	readonly #timers = new ManualTimers();
	readonly #log: SqliteStreamLog;
	readonly #nodes: Node[];
	readonly #connections: (Connection | null)[] = clients.map(() => null);
	readonly #unanswered = new Set<string>();
	#healthy = false;
	#calls = 0;

	constructor(scheduler: Scheduler, faultsInTurn: readonly Fault[], breakage: Breakage = {}) {
		this.#scheduler = scheduler;
		this.#faults = [...faultsInTurn];
		this.#breakage = breakage;
		this.#log = breakage.log?.() ?? new SqliteStreamLog();
		this.#nodes = [this.#boot(), this.#boot()];
	}

	/** Plays the steps, then lets everything recover. Answers what was wrong. */
	async play(steps: readonly (Step & { then: number })[]): Promise<string[]> {
		for (const step of steps) {
			this.#take(step);
			for (let i = 0; i < step.then; i += 1) await this.#letOneGo();
		}
		await this.#recover();
		this.checker.end(await this.#log.after(stream, 0, 10_000), await this.#log.tail(stream));
		this.#nodes.forEach(({ engine }) => void engine.stop());
		this.#log.close();
		return this.checker.violations;
	}

	#take(step: Step): void {
		if (step.do === "post") this.#post(this.#node(step.node), `p${step.id}`);
		else if (step.do === "connect") this.#connect(step.client, this.#node(step.node));
		else if (step.do === "cut") this.#cut(step.client);
		else if (step.do === "slow") this.#setSlow(step.client, true);
		else if (step.do === "drain") this.#setSlow(step.client, false);
		else if (step.do === "crash") this.#crash(step.node);
		else if (step.do === "release") void this.#node(step.node).engine.release(stream);
		else this.#tick();
	}

	#post(node: Node, id: string): void {
		this.#unanswered.add(id);
		const answered = (seq: number) => {
			if (node.dead) return;
			this.#unanswered.delete(id);
			this.checker.acked(id, seq);
		};
		// A refusal leaves it unanswered: it is sent again later.
		node.engine.post(stream, said(id)).then(
			({ seq }) => answered(seq),
			() => {},
		);
	}

	#connect(client: number, node: Node): void {
		this.#cut(client);
		const connection = new Connection(node);
		this.#connections[client] = connection;
		const name = clients[client] ?? "";
		const position = this.checker.position(name);
		const { seq, id } = position;
		connection.write = (frame) => {
			RecordingSink.prototype.write.call(connection, frame);
			if (this.#connections[client] === connection && !node.dead) this.#received(client, name, frame);
		};
		const request = { userId: name, sink: connection, after: seq, ...(id === null ? {} : { lastId: id }) };
		node.engine.attach(stream, request).then(
			(handle) => {
				connection.handle = handle;
				if (this.#connections[client] !== connection) handle.leave();
			},
			() => {
				if (this.#connections[client] === connection) this.#connections[client] = null;
			},
		);
	}

	#received(client: number, name: string, frame: TestFrame): void {
		if (frame.event === "ready" && (frame.payload as { reset: boolean }).reset) this.checker.violation(`${name} was reset`);
		if (frame.event === "entries") for (const entry of frame.payload as Entry[]) this.checker.saw(name, entry);
		if (frame.event === "moved" || frame.event === "problem") this.#connections[client] = null;
	}

	#cut(client: number): void {
		const connection = this.#connections[client];
		this.#connections[client] = null;
		connection?.handle?.leave();
	}

	#setSlow(client: number, slow: boolean): void {
		const connection = this.#connections[client];
		if (!connection) return;
		connection.slow = slow;
		if (!slow) connection.drain();
	}

	#crash(index: number): void {
		const node = this.#node(index);
		node.dead = true;
		this.#connections.forEach((connection, client) => {
			if (connection?.node === node) this.#connections[client] = null;
		});
		this.#nodes[index] = this.#boot();
	}

	#tick(): boolean {
		const next = this.#timers.next();
		if (next !== null) this.#timers.fire(next);
		return next !== null;
	}

	async #letOneGo(): Promise<boolean> {
		if (this.#scheduler.count() === 0) return false;
		await this.#scheduler.waitOne();
		await turn();
		return true;
	}

	/** No more faults; clients that lost their connection or an answer try again, as they do for ever. */
	async #recover(): Promise<void> {
		this.#healthy = true;
		for (let round = 0; round < 60; round += 1) {
			clients.forEach((_, client) => {
				this.#setSlow(client, false);
				if (!this.#connections[client]) this.#connect(client, this.#node(client % 2));
			});
			for (const id of this.#unanswered) this.#post(this.#node(0), id);
			for (let i = 0; i < 500 && (await this.#letOneGo()); i += 1);
			this.#tick();
			await turn();
			if (round > 12 && this.#isQuiet(await this.#log.tail(stream))) return;
		}
		const positions = clients.map((name) => `${name} at ${this.checker.position(name).seq}`).join(", ");
		this.checker.violation(`not caught up: ${positions}, unanswered: ${[...this.#unanswered].join()}`);
	}

	#isQuiet(tail: number): boolean {
		return this.#unanswered.size === 0 && clients.every((name) => this.checker.position(name).seq === tail);
	}

	#node(index: number): Node {
		return this.#nodes[index] as Node; // there are two, for ever
	}

	#boot(): Node {
		const node = { dead: false } as Node;
		const log = this.#scheduled(node);
		const ports: Ports<TestFrame> = {
			log: this.#breakage.wrap?.(log) ?? log,
			encoder: new JsonEncoder(),
			ownership: { owns: () => true },
			membership: { of: async () => ({ has: () => true }) },
			greet: () => this.#scheduler.schedule(Promise.resolve({ members: [], reads: {} }), "greet"),
			timers: {
				now: () => this.#timers.now(),
				after: (ms, run) => this.#timers.after(ms, () => (node.dead ? undefined : run())),
				soon: (run) => void this.#scheduler.schedule(Promise.resolve(), "soon").then(run),
			},
			random: () => 0.5,
			report: (error) => {
				if (!(error instanceof LogUnavailable || error instanceof LogUncertain)) this.checker.violation(String(error));
			},
		};
		node.engine = this.#breakage.engine?.(ports, limits) ?? new Engine(ports, limits);
		this.engines.push(node.engine);
		return node;
	}

	/** Each call waits before it is done and before it is answered; a dead node does nothing more and hears nothing more. */
	#scheduled(node: Node): StreamLog {
		const via = async <T>(name: string, work: (fault: Fault) => Promise<T>): Promise<T> => {
			await this.#scheduler.schedule(Promise.resolve(), `${name} goes`);
			if (node.dead) return never();
			const fault = this.#healthy ? "none" : (this.#faults[this.#calls++ % this.#faults.length] ?? "none");
			const done = work(fault).then(
				(answer) => () => answer,
				(error: unknown) => () => {
					throw error;
				},
			);
			await this.#scheduler.schedule(done, `${name} answers`);
			return node.dead ? never() : (await done)();
		};
		const read = <T>(name: string, work: () => Promise<T>): Promise<T> =>
			via(name, async (fault) => {
				if (fault === "refused") throw new LogUnavailable(name);
				return work();
			});
		const log = this.#log;
		return {
			append: (drafts) => via("append", (fault) => this.#append(drafts, fault)),
			tail: (id) => read("tail", () => log.tail(id)),
			at: (id, seq) => read("at", () => log.at(id, seq)),
			after: (id, after, limit) => read("after", () => log.after(id, after, limit)),
			before: (id, before, limit) => read("before", () => log.before(id, before, limit)),
			posted: (id, keys) => read("posted", () => log.posted(id, keys)),
		};
	}

	async #append(drafts: readonly Draft[], fault: Fault): Promise<Appended> {
		if (fault === "refused") throw new LogUnavailable("refused");
		if (fault === "lost after") await this.#log.append(drafts);
		if (fault === "lost halfway") await this.#log.append(drafts.slice(0, Math.ceil(drafts.length / 2)));
		if (fault !== "none") throw new LogUncertain(fault);
		return this.#log.append(drafts);
	}
}

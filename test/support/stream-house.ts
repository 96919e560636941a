import { Engine } from "../../realtime/engine.ts";
import type { Limits } from "../../realtime/limits.ts";
import type { StreamLog } from "../../realtime/log.ts";
import type { PostRequest } from "../../realtime/mailbox.ts";
import type { Ports } from "../../realtime/ports.ts";
import { ManualTimers } from "./manual-timers.ts";
import { seeded } from "./random.ts";
import { JsonEncoder, RecordingSink, type TestFrame } from "./recording-sink.ts";
import { SqliteStreamLog } from "./sqlite-stream-log.ts";

export const said = (id: string, text = id, from = "ada"): PostRequest<{ text: string }> => ({
	id,
	from,
	type: "message.posted",
	body: { text },
});

/** Several engines over one log, in one time. */
export class StreamHouse {
	readonly timers = new ManualTimers();
	readonly encoder = new JsonEncoder();
	readonly log: SqliteStreamLog;
	readonly reports: { error: unknown; what: string }[] = [];
	/** Who may follow; null: the stream is gone. */
	members: Set<string> | null = new Set(["ada", "bob", "eve"]);
	/** Streams that no node of ours owns. */
	readonly foreign = new Set<string>();
	readonly random = seeded(7);

	constructor(log = new SqliteStreamLog()) {
		this.log = log;
	}

	ports(over: Partial<Ports<TestFrame>> = {}): Ports<TestFrame> {
		return {
			log: this.log,
			encoder: this.encoder,
			ownership: { owns: (stream) => !this.foreign.has(stream) },
			membership: { of: async () => this.members },
			greet: async () => ({ members: [{ id: "ada", name: "Ada" }], reads: { ada: 0 } }),
			timers: this.timers,
			random: this.random,
			report: (error, what) => this.reports.push({ error, what }),
			...over,
		};
	}

	engine(over: Partial<Ports<TestFrame>> = {}, limits: Partial<Limits> = {}): Engine<TestFrame> {
		return new Engine(this.ports(over), limits);
	}

	/** Straight into the log, as another owner would. */
	async write(stream: string, ...ids: string[]): Promise<void> {
		const tail = await this.log.tail(stream);
		const at = new Date(this.timers.now()).toISOString();
		const drafts = ids.map((id, index) => ({ ...said(id), stream, seq: tail + 1 + index, at, events: [] }));
		await this.log.append(drafts);
	}
}

export const follow = async (
	engine: Engine<TestFrame>,
	stream: string,
	request: { userId?: string; after?: number; lastId?: string; last?: number; sink?: RecordingSink } = {},
): Promise<RecordingSink> => {
	const sink = request.sink ?? new RecordingSink();
	sink.handle = await engine.attach(stream, { userId: "bob", ...request, sink });
	return sink;
};

/** A log whose calls can be made to fail, or to wait, one at a time. */
export const steered = (
	log: StreamLog,
): StreamLog & { next: Map<string, ((call: () => Promise<unknown>) => Promise<unknown>)[]> } => {
	const next = new Map<string, ((call: () => Promise<unknown>) => Promise<unknown>)[]>();
	const by =
		<A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) =>
		(...args: A): Promise<R> => {
			const steer = next.get(name)?.shift();
			return steer ? (steer(() => call(...args)) as Promise<R>) : call(...args);
		};
	return {
		next,
		append: by("append", log.append.bind(log)),
		tail: by("tail", log.tail.bind(log)),
		at: by("at", log.at.bind(log)),
		after: by("after", log.after.bind(log)),
		before: by("before", log.before.bind(log)),
		posted: by("posted", log.posted.bind(log)),
	};
};

import { AckPolicy, DeliverPolicy, type JetStreamClient, type JetStreamManager, type JsMsg, nanos } from "nats";
import { clock } from "../../../config/clock.ts";
import type { DomainEvent } from "../../../contracts/events.ts";
import { personalTypes, withoutPeople } from "../../../contracts/personal-data.ts";
import type { DeadLetterMessage } from "./dead-letter-writer.ts";
import { isApiError } from "./errors.ts";
import type { Names } from "./names.ts";

// Takes what people who are gone said, and what says who they were, off the streams. Messages are read once from end to end and deleted one
// by one, their bytes overwritten; places in the stream stay what they were. A second run finds nothing left to do.

export interface ForgettingOptions {
	js: JetStreamClient;
	jsm: JetStreamManager;
	names: Names;
}

const atOnce = 500;
const fetchMs = 5_000;
/** After that the server forgets a reader that has died. */
const idleMs = 60_000;

type Gone = ReadonlySet<string>;

/** All messages that the stream has under these subjects at this moment. */
async function* messages({ js, jsm }: ForgettingOptions, stream: string, subjects: string[]): AsyncGenerator<JsMsg> {
	const { name, num_pending } = await jsm.consumers.add(stream, {
		ack_policy: AckPolicy.None,
		deliver_policy: DeliverPolicy.All,
		filter_subjects: subjects,
		inactive_threshold: nanos(idleMs),
		mem_storage: true,
	});
	try {
		const consumer = await js.consumers.get(stream, name);
		for (let left = num_pending; left > 0; ) {
			let got = 0;
			for await (const message of await consumer.fetch({ max_messages: Math.min(atOnce, left), expires: fetchMs })) {
				got += 1;
				yield message;
			}
			// What expired or was deleted meanwhile does not come any more.
			if (got === 0) return;
			left -= got;
		}
	} finally {
		await jsm.consumers.delete(stream, name).catch((error) => {
			if (!isApiError(error, "noConsumer")) throw error;
		});
	}
}

const eventIn = (value: unknown): DomainEvent | null =>
	typeof value === "object" && value !== null && "type" in value && "data" in value ? (value as DomainEvent) : null;

const parsed = (message: JsMsg): unknown => {
	try {
		return message.json();
	} catch (error) {
		if (error instanceof SyntaxError) return null; // no event of ours
		throw error;
	}
};

/** False: somebody else was faster. */
const remove = async ({ jsm }: ForgettingOptions, stream: string, seq: number): Promise<void> => {
	try {
		await jsm.streams.deleteMessage(stream, seq, true);
	} catch (error) {
		const there = await jsm.streams.getMessage(stream, { seq }).catch((why) => {
			if (isApiError(why, "noMessage")) return null;
			throw why;
		});
		if (there) throw error;
	}
};

/** What stays in its place goes out first: whoever dies in between leaves both, and consumers know an event by its id. */
const settle = async (options: ForgettingOptions, stream: string, message: JsMsg, left: unknown, id: string): Promise<void> => {
	if (left !== null)
		await options.js.publish(message.subject, JSON.stringify(left), { msgID: `${id}#without.${message.seq}.${clock.now()}` });
	await remove(options, stream, message.seq);
};

const inEvents = async (options: ForgettingOptions, gone: Gone): Promise<number> => {
	const { names } = options;
	const subjects = personalTypes.flatMap((type) => [names.event(type), names.retry("*", type)]);
	let count = 0;
	for await (const message of messages(options, names.eventsStream, subjects)) {
		const event = eventIn(parsed(message));
		const left = event && withoutPeople(event, gone);
		if (!event || left === event) continue;
		await settle(options, names.eventsStream, message, left, event.id);
		count += 1;
	}
	return count;
};

const inDeadLetters = async (options: ForgettingOptions, gone: Gone): Promise<number> => {
	const { names } = options;
	let count = 0;
	for await (const message of messages(options, names.deadStream, [...names.deadSubjects])) {
		const letter = parsed(message) as DeadLetterMessage | null;
		const event = eventIn(letter?.event);
		const left = event && withoutPeople(event, gone);
		if (!letter || !event || left === event) continue;
		await settle(options, names.deadStream, message, left && { ...letter, event: left }, event.id);
		count += 1;
	}
	return count;
};

/** Answers how many messages there were. */
export const forgetInStreams = async (options: ForgettingOptions, gone: Gone): Promise<number> =>
	(await inEvents(options, gone)) + (await inDeadLetters(options, gone));

import { setTimeout as delay } from "node:timers/promises";
import {
	type ConsumerInfo,
	connect,
	DeliverPolicy,
	type JetStreamManager,
	type NatsConnection,
	nanos,
	type StreamConfig,
	type StreamInfo,
} from "nats";
import { connectionOptions } from "../../mixins/durable-events/jetstream/connection.ts";
import { isApiError } from "../../mixins/durable-events/jetstream/errors.ts";
import { namesOf } from "../../mixins/durable-events/jetstream/names.ts";
import { Refusal } from "../node/refusal.ts";
import type { BusPlace } from "./format.ts";

// Where JetStream is when a backup begins, and how it is brought back there: what was told after the backup is about documents that are
// no longer there, and what was handled after it has to be handled again.

const withStreams = async <T>(transporter: string, work: (jsm: JetStreamManager) => Promise<T>): Promise<T> => {
	let connection: NatsConnection;
	try {
		// Somebody waits for the answer: a server that is away is said, not waited for.
		const options = { ...connectionOptions(transporter, "backup"), waitOnFirstConnect: false, maxReconnectAttempts: 2 };
		connection = await connect(options);
	} catch (error) {
		throw new Refusal(`NATS does not answer at TRANSPORTER: ${error instanceof Error ? error.message : error}`);
	}
	try {
		return await work(await connection.jetstreamManager());
	} finally {
		await connection.close();
	}
};

const idOf = ({ config, created }: StreamInfo): string => `${config.name}@${created}`;

const find = async (jsm: JetStreamManager, stream: string): Promise<StreamInfo | null> => {
	try {
		return await jsm.streams.info(stream);
	} catch (error) {
		if (isApiError(error, "noStream")) return null;
		throw error;
	}
};

const groupsOf = async (jsm: JetStreamManager, stream: string): Promise<ConsumerInfo[]> => {
	const found: ConsumerInfo[] = [];
	for await (const info of jsm.consumers.list(stream)) found.push(info);
	return found;
};

/** Null if there is no stream of events yet. */
export const placeOfBus = (transporter: string, keyPrefix: string): Promise<BusPlace | null> =>
	withStreams(transporter, async (jsm) => {
		const { eventsStream } = namesOf(keyPrefix);
		const info = await find(jsm, eventsStream);
		if (!info) return null;
		const groups = await groupsOf(jsm, eventsStream);
		return {
			stream: idOf(info),
			lastSeq: info.state.last_seq,
			handled: Object.fromEntries(groups.map(({ name, ack_floor }) => [name, ack_floor.stream_seq])),
		};
	});

/** Whether a stream of events is there that is not the one of the backup, and not empty: the history of another database. */
export const hasForeignEvents = (transporter: string, keyPrefix: string, place: BusPlace | null): Promise<boolean> =>
	withStreams(transporter, async (jsm) => {
		const info = await find(jsm, namesOf(keyPrefix).eventsStream);
		return info !== null && info.state.messages > 0 && idOf(info) !== place?.stream;
	});

const takeOutAfter = async (jsm: JetStreamManager, { config, state }: StreamInfo, after: number): Promise<number> => {
	let gone = 0;
	for (let seq = Math.max(after + 1, state.first_seq); seq <= state.last_seq; seq++) {
		try {
			gone += Number(await jsm.streams.deleteMessage(config.name, seq, false));
		} catch (error) {
			if (!isApiError(error, "noSequence")) throw error; // was taken out before
		}
	}
	return gone;
};

/** The group begins anew behind what it had handled when the backup began; what it handled by the end of it, it finds in its records. */
const sendBack = async (jsm: JetStreamManager, { stream_name, name, config }: ConsumerInfo, handled = 0): Promise<void> => {
	await jsm.consumers.delete(stream_name, name);
	const start = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: handled + 1 };
	await jsm.consumers.add(stream_name, { ...config, ...start });
};

/** Longer than JetStream's shortest memory, several times. */
const forgetMs = 1_000;
const shortest = nanos(100);

/**
 * Ids of events follow from the version of their document. A change that was lost and comes again tells of itself under the id that it had
 * the first time, which JetStream would refuse as a repeat for as long as it remembers.
 */
const forgetIds = async (jsm: JetStreamManager, { name, duplicate_window }: StreamConfig): Promise<void> => {
	await jsm.streams.update(name, { duplicate_window: shortest });
	try {
		await delay(forgetMs);
	} finally {
		await jsm.streams.update(name, { duplicate_window });
	}
};

/** Answers what was done, in words. A second run does the rest. */
export const rewindBus = (transporter: string, keyPrefix: string, place: BusPlace | null): Promise<string> =>
	withStreams(transporter, async (jsm) => {
		const info = await find(jsm, namesOf(keyPrefix).eventsStream);
		if (!info) return "JetStream has no events: those that the backup holds are published again";
		if (!place || idOf(info) !== place.stream) {
			await jsm.streams.delete(info.config.name);
			return "JetStream had the events of another history: that stream is gone, and the events that the backup holds are published again";
		}
		const groups = await groupsOf(jsm, info.config.name);
		const gone = await takeOutAfter(jsm, info, place.lastSeq);
		await forgetIds(jsm, info.config);
		for (const group of groups) await sendBack(jsm, group, place.handled[group.name]);
		return `JetStream is back at ${place.lastSeq}: ${gone} later events are gone, ${groups.length} groups go on from where they were`;
	});

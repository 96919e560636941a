import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from "nats";
import { isApiError } from "./errors.ts";

// What a group consumes stands in its consumer on the server, which all its nodes share, those of another version too.

export type GroupConfig = Partial<ConsumerConfig> & { name: string; filter_subjects: string[] };

const filtersOf = ({ config }: ConsumerInfo): string[] => config.filter_subjects ?? [];

/** Each idle node has a request open, and a busy one owes answers. */
const isServed = ({ num_waiting, num_ack_pending }: ConsumerInfo): boolean => num_waiting > 0 || num_ack_pending > 0;

const find = async (jsm: JetStreamManager, stream: string, name: string): Promise<ConsumerInfo | null> => {
	try {
		return await jsm.consumers.info(stream, name);
	} catch (error) {
		if (isApiError(error, "noConsumer")) return null;
		throw error;
	}
};

const remove = async (jsm: JetStreamManager, stream: string, name: string): Promise<void> => {
	try {
		await jsm.consumers.delete(stream, name);
	} catch (error) {
		if (!isApiError(error, "noConsumer")) throw error; // another node was faster
	}
};

/**
 * Makes the consumer as this node wants it. While other nodes fetch from it, it keeps what they want: in a rolling update an older
 * node that reconnects must not take away what a newer one needs.
 *
 * A consumer that learns a subject is made anew: an update would leave it where it is, and what was published under that subject
 * before that place would never come. It then begins at the stream's beginning, and what the group has done is known by its
 * records. A second run, or a death between the two steps, ends the same way. Another node that makes it at the same moment, and
 * differently, is a refusal by the server: the next try finds what it made.
 */
export const ensureConsumer = async (jsm: JetStreamManager, stream: string, config: GroupConfig): Promise<void> => {
	const known = await find(jsm, stream, config.name);
	if (!known) {
		await jsm.consumers.add(stream, config);
		return;
	}
	const kept = isServed(known) ? filtersOf(known) : [];
	const wanted = { ...config, filter_subjects: [...new Set([...config.filter_subjects, ...kept])].sort() };
	if (wanted.filter_subjects.every((subject) => filtersOf(known).includes(subject))) {
		// Where it began is not ours to change: after a restore from a backup that is not the stream's beginning.
		const { deliver_policy, opt_start_seq } = known.config;
		const update: Partial<ConsumerConfig> = { ...wanted, deliver_policy, ...(opt_start_seq ? { opt_start_seq } : {}) };
		await jsm.consumers.update(stream, config.name, update);
		return;
	}
	await remove(jsm, stream, config.name);
	await jsm.consumers.add(stream, wanted);
};

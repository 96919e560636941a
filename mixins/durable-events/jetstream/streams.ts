import { type JetStreamManager, nanos, RetentionPolicy, StorageType, type StreamConfig, type StreamInfo } from "nats";
import { streamAgeMs } from "../policy.ts";
import { isApiError } from "./errors.ts";
import { messageIdHeader, type Names } from "./names.ts";

export interface StreamState {
	/** `<name>@<created>`: a stream that was deleted and made again is another one. */
	readonly id: string;
	readonly firstSeq: number;
	readonly lastSeq: number;
}

const configs = ({
	eventsStream,
	deadStream,
	intakeStream,
	eventsSubjects,
	deadSubjects,
	intakeSubjects,
}: Names): Partial<StreamConfig>[] => [
	{
		name: eventsStream,
		subjects: [...eventsSubjects],
		retention: RetentionPolicy.Limits,
		storage: StorageType.File,
		max_age: nanos(streamAgeMs),
		duplicate_window: nanos(120_000),
	},
	// A document leaves it when it has been stored or buried, and not before.
	{ name: intakeStream, subjects: [...intakeSubjects], retention: RetentionPolicy.Workqueue, storage: StorageType.File },
	// Dead letters stay until somebody has looked at them.
	{ name: deadStream, subjects: [...deadSubjects], retention: RetentionPolicy.Limits, storage: StorageType.File },
];

/**
 * The streams of the bus. Made if absent, with so many replicas as the environment says; what is there already is left as it is.
 */
export class Streams {
	readonly #jsm: JetStreamManager;
	readonly #names: Names;
	readonly #replicas: number;
	#state: StreamState | undefined;

	constructor(jsm: JetStreamManager, names: Names, replicas = 1) {
		this.#jsm = jsm;
		this.#names = names;
		this.#replicas = replicas;
	}

	/** As of the last look; throws before the first. */
	get eventsId(): string {
		if (!this.#state) throw new Error("the streams have not been looked at yet");
		return this.#state.id;
	}

	/** Looks at the stream of events, and makes what is missing. */
	async look(): Promise<StreamState> {
		try {
			return this.#see(await this.#jsm.streams.info(this.#names.eventsStream));
		} catch (error) {
			if (!isApiError(error, "noStream")) throw error;
			await this.ensure();
			return this.#see(await this.#jsm.streams.info(this.#names.eventsStream));
		}
	}

	async ensure(): Promise<void> {
		for (const config of configs(this.#names)) await this.#make({ ...config, num_replicas: this.#replicas });
	}

	/** The message id at that place; null if there is no (longer a) message. */
	async messageIdAt(seq: number): Promise<string | null> {
		try {
			const message = await this.#jsm.streams.getMessage(this.#names.eventsStream, { seq });
			return message.header.get(messageIdHeader);
		} catch (error) {
			if (isApiError(error, "noMessage") || isApiError(error, "noStream")) return null;
			throw error;
		}
	}

	async #make(config: Partial<StreamConfig>): Promise<void> {
		try {
			await this.#jsm.streams.add(config);
		} catch (error) {
			if (!isApiError(error, "streamDiffers")) throw error;
		}
	}

	#see({ config, created, state }: StreamInfo): StreamState {
		this.#state = { id: `${config.name}@${created}`, firstSeq: state.first_seq, lastSeq: state.last_seq };
		return this.#state;
	}
}

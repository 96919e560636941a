import type { JetStreamClient } from "nats";
import { clock } from "../../../config/clock.ts";
import type { DomainEvent } from "../../../contracts/events.ts";
import type { DeadLetter } from "../port.ts";
import type { JetStreamDelivery } from "./delivery.ts";
import { isUnheard } from "./errors.ts";
import type { Names } from "./names.ts";
import type { Streams } from "./streams.ts";

/** What stands in the dead letter stream; its id is its sequence there. */
export type DeadLetterMessage = Omit<DeadLetter, "id">;

const iso = (at: number): string => new Date(at).toISOString();

export class DeadLetterWriter {
	readonly #js: JetStreamClient;
	readonly #names: Names;
	readonly #streams: Streams;

	constructor(js: JetStreamClient, names: Names, streams: Streams) {
		this.#js = js;
		this.#names = names;
		this.#streams = streams;
	}

	/** Resolves when the stream has it. `event` is null for a message that is none. */
	async write(group: string, delivery: JetStreamDelivery, event: DomainEvent | null, error: string): Promise<void> {
		const letter: DeadLetterMessage = {
			group,
			subject: delivery.subject,
			entity: event?.subject ?? "",
			eventId: event?.id ?? `message-${delivery.seq}`,
			error,
			tries: delivery.tries,
			firstAt: iso(delivery.storedAt),
			lastAt: iso(clock.now()),
			event: event ?? delivery.text(),
		};
		// The id makes one letter of a message that dies twice because its end was lost.
		const msgID = `${group}:${letter.eventId}:${delivery.seq}`;
		await this.put(letter, msgID);
	}

	/** Resolves when the stream has it; `msgID` is the same for the same message. */
	async put(letter: DeadLetterMessage, msgID: string): Promise<void> {
		try {
			await this.#js.publish(this.#names.dead(letter.group), JSON.stringify(letter), { msgID });
		} catch (failure) {
			if (isUnheard(failure)) await this.#streams.ensure(); // the stream was deleted: the event's next try finds it
			throw failure;
		}
	}
}

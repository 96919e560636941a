import { headers, type JetStreamClient, type MsgHdrs } from "nats";
import { clock } from "../../../config/clock.ts";
import { currentTraceparent, scopeFrom } from "../../tracing/scope.ts";
import { inSpanOf, type Span } from "../../tracing/spans.ts";
import { bareEvent } from "../bus.ts";
import type { OutboxEvent } from "../port.ts";
import { isUnheard } from "./errors.ts";
import { messageIdOf, type Names } from "./names.ts";
import type { Streams } from "./streams.ts";

/** Under which a message names the publish that brought it. The event in it keeps the trace of what it came of. */
export const traceHeader = "traceparent";

/** None where this publish is not recorded: the event itself says enough. */
const headersOf = (span: Span | null): MsgHdrs | undefined => {
	const traceparent = span && currentTraceparent();
	if (!traceparent) return undefined;
	const named = headers();
	named.set(traceHeader, traceparent);
	return named;
};

const spanOf = (type: string) => ({
	name: `${type} publish`,
	kind: "producer" as const,
	attributes: { "messaging.system": "nats", "messaging.operation.type": "send", "messaging.destination.name": type },
});

export type Mark = NonNullable<OutboxEvent["published"]>;

/** Puts events on the stream, and notices when the stream's sequence went backwards. */
export class Publisher {
	readonly #js: JetStreamClient;
	readonly #names: Names;
	readonly #streams: Streams;
	/** Called when the stream took a message at a place that it had filled before: it was restored or made anew. */
	readonly #onRegress: () => void;
	#highest = { stream: "", seq: 0 };

	constructor(js: JetStreamClient, names: Names, streams: Streams, onRegress: () => void) {
		this.#js = js;
		this.#names = names;
		this.#streams = streams;
		this.#onRegress = onRegress;
	}

	/** Resolves when the stream has it. An event that carries a mark goes out anew. */
	publish(event: OutboxEvent): Promise<Mark> {
		// Whoever swept it up: it belongs to what it came of.
		const scope = scopeFrom(event.requestid, event.traceparent);
		return inSpanOf(scope, spanOf(event.type), (span) => this.#publish(event, headersOf(span)));
	}

	async #publish(event: OutboxEvent, named: MsgHdrs | undefined): Promise<Mark> {
		const options = { msgID: messageIdOf(event), ...(named && { headers: named }) };
		const payload = JSON.stringify(bareEvent(event));
		try {
			const { seq, duplicate } = await this.#js.publish(this.#names.event(event.type), payload, options);
			const stream = this.#streams.eventsId;
			if (!duplicate) this.#seen(stream, seq);
			return { at: clock.now(), seq, stream };
		} catch (error) {
			if (isUnheard(error)) await this.#streams.look(); // deleted: the sweeper finds it made again
			throw error;
		}
	}

	#seen(stream: string, seq: number): void {
		const last = this.#highest;
		if (last.stream === stream && seq <= last.seq) this.#onRegress();
		this.#highest = { stream, seq };
	}
}

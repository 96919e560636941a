import type { Namespace } from "../../contracts/sockets.ts";
import type { Draft, Origin } from "../../realtime/log.ts";
import type { Observer } from "../../realtime/ports.ts";
import { currentOrigin, currentScope } from "../tracing/scope.ts";
import { type Attributes, note } from "../tracing/spans.ts";
import { parseTraceparent } from "../tracing/trace-context.ts";

// Entries in traces: one span from the post to its frames, on the node that owns the stream.

/** For the engine's port of that name. */
export const tracedOrigin = (): Origin | undefined => {
	const origin = currentOrigin();
	return origin && currentScope()?.trace.sampled ? { ...origin, since: Date.now() } : origin;
};

const followedBy = (attributes: Attributes, followers: number, batch: number): Attributes => ({
	...attributes,
	"souk.stream.followers": followers,
	"messaging.batch.message_count": batch,
});

/** `followers` answers how many follow a stream here now; to nobody nothing was sent. */
export const tracedObserver = (
	namespace: Namespace,
	followers: (stream: string) => number,
	observer: Observer = {},
): Observer => {
	const attributes = {
		"messaging.system": "socket.io",
		"messaging.operation.type": "send",
		"messaging.destination.name": namespace,
	};
	const name = `${namespace} entries`;
	const noted = (stream: string, { origin }: Draft, batch: number): void => {
		const startedAt = origin?.since;
		const reached = startedAt === undefined ? 0 : followers(stream);
		if (startedAt === undefined || reached === 0) return;
		note(
			{ name, kind: "producer", attributes: followedBy(attributes, reached, batch), startedAt },
			parseTraceparent(origin?.traceparent),
		);
	};
	return {
		...observer,
		committed(stream, drafts) {
			for (const draft of drafts) noted(stream, draft, drafts.length);
			observer.committed?.(stream, drafts);
		},
	};
};

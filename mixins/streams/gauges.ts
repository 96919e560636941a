import type { ServiceBroker } from "moleculer";
import type { Engine } from "../../realtime/engine.ts";
import type { Observer } from "../../realtime/ports.ts";
import type { RingName } from "../../realtime/ring.ts";
import { measured, observe } from "../metrics/metrics.ts";
import { nodePlacement } from "../placement/node-placement.ts";
import type { Frame } from "./frame.ts";

// What a scrape is told of the streams of this process.

export interface Watched {
	broker: ServiceBroker;
	engine: Engine<Frame>;
	sessions: ReadonlySet<unknown>;
}

const shareOf = (broker: ServiceBroker, ring: RingName): number => {
	const { placement } = nodePlacement(broker);
	const own = placement.peers().find(({ id }) => id === broker.nodeID);
	return own ? placement.share(ring, own.address) : 0;
};

/** Tells `observer` all that happens, and counts what is counted as it happens. */
export const counting = (observer: Observer, ring: RingName): Observer => ({
	...observer,
	committed(stream, drafts) {
		observe("stream_append_batch_size", { ring }, drafts.length);
		observer.committed?.(stream, drafts);
	},
});

/** The answer ends it. */
export const streamGauges = ({ broker, engine, sessions }: Watched, ring: RingName): (() => void) => {
	const { metrics } = engine;
	const labels = { ring };
	const all = [
		measured("streams_active", labels, () => engine.size),
		measured("stream_followers", labels, () => engine.followers),
		measured("stream_mailbox_depth", labels, () => engine.waiting),
		measured("stream_entries_total", labels, () => metrics.entries),
		measured("stream_commits_total", labels, () => metrics.commits),
		measured("stream_deliveries_total", labels, () => metrics.deliveries),
		measured("stream_overloaded_total", labels, () => metrics.overloaded),
		measured("stream_lagging_total", labels, () => metrics.lags),
		measured("stream_lagging", labels, () => engine.lagging),
		measured("stream_resumed_total", labels, () => metrics.resumed),
		measured("stream_resumed_pages_total", { ...labels, source: "memory" }, () => metrics.pagesFromRecent),
		measured("stream_resumed_pages_total", { ...labels, source: "log" }, () => metrics.pagesFromLog),
		measured("stream_moved_total", labels, () => metrics.moved),
		measured("stream_taken_total", labels, () => metrics.taken),
		measured("sockets_open", labels, () => sessions.size),
		measured("ring_share", labels, () => shareOf(broker, ring)),
	];
	return () => {
		for (const end of all) end();
	};
};

// Every metric of our own, as Prometheus sees it: docs/metrics.md says the same, and a test holds the two against each other. Labels are
// words from short lists; no id, address or path of a client is ever one.

export interface MetricSpec {
	readonly type: "counter" | "gauge" | "histogram";
	readonly help: string;
	readonly labels: readonly string[];
	/** Upper bounds of a histogram. */
	readonly buckets?: readonly number[];
}

/** Seconds, from a cached read to what a client gives up on. */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const metricTable = {
	http_requests_total: {
		type: "counter",
		help: "Requests over HTTP that were answered",
		labels: ["method", "route", "status"],
	},
	http_request_duration_seconds: {
		type: "histogram",
		help: "From the head of a request to the hand-over of its answer",
		labels: ["method", "route"],
		buckets: seconds,
	},
	orders_created_total: {
		type: "counter",
		help: "Attempts to place an order: created, repeated (the answer of before), refused (by a rule), failed",
		labels: ["status"],
	},
	order_processing_duration_seconds: {
		type: "histogram",
		help: "What an action on orders took, in the node that did it",
		labels: ["operation"],
		buckets: seconds,
	},
	orders_in_cache: {
		type: "gauge",
		help: "Orders in the cache of this process; with Redis only what this process knows of",
		labels: [],
	},
	cache_hits_total: { type: "counter", help: "Reads that a cache answered", labels: ["cache"] },
	cache_misses_total: { type: "counter", help: "Reads that went on to the database", labels: ["cache"] },
	events_total: {
		type: "counter",
		help: "Events that a consumer group was handed: done, failed (to be tried again) or dead; reason is a code of ours or the name of the error",
		labels: ["group", "outcome", "reason"],
	},
	event_attempts: {
		type: "histogram",
		help: "How many deliveries an event took until it was done or dead",
		labels: ["group"],
		buckets: [1, 2, 3, 5, 8, 13],
	},
	event_duration_seconds: {
		type: "histogram",
		help: "What handling an event took, well or not",
		labels: ["group"],
		buckets: seconds,
	},
	events_waiting: { type: "gauge", help: "Events that wait for a consumer group of this process", labels: ["group"] },
	outbox_waiting: { type: "gauge", help: "Entities with events that should have left by now", labels: ["collection"] },
	outbox_age_seconds: { type: "gauge", help: "Since when the oldest of them should have", labels: ["collection"] },
	dead_letters: { type: "gauge", help: "Dead letters that nobody has looked after; at most 1,000 are counted", labels: [] },
	streams_active: { type: "gauge", help: "Streams that have an actor in this process", labels: ["ring"] },
	stream_followers: { type: "gauge", help: "Sockets that follow a stream here", labels: ["ring"] },
	stream_mailbox_depth: { type: "gauge", help: "Posts that wait for their write, in all mailboxes together", labels: ["ring"] },
	stream_entries_total: { type: "counter", help: "Entries that were written", labels: ["ring"] },
	stream_commits_total: {
		type: "counter",
		help: "Writes that they took",
		labels: ["ring"],
	},
	stream_append_batch_size: {
		type: "histogram",
		help: "Entries that a write stored",
		labels: ["ring"],
		buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
	},
	stream_deliveries_total: { type: "counter", help: "Live entries × followers that were sent", labels: ["ring"] },
	stream_overloaded_total: { type: "counter", help: "Posts that were refused with STREAM_OVERLOADED", labels: ["ring"] },
	stream_lagging_total: { type: "counter", help: "How often a follower fell behind and was caught up", labels: ["ring"] },
	stream_lagging: {
		type: "gauge",
		help: "Sockets that do not have all entries of their stream at this moment",
		labels: ["ring"],
	},
	stream_resumed_total: {
		type: "counter",
		help: "Sockets that came back with the position at which they had been",
		labels: ["ring"],
	},
	stream_resumed_pages_total: {
		type: "counter",
		help: "Pages that caught a follower up, from memory or the log",
		labels: ["ring", "source"],
	},
	stream_moved_total: { type: "counter", help: "Streams that were handed over to another node", labels: ["ring"] },
	stream_taken_total: { type: "counter", help: "Appends that found their seq taken: somebody else wrote", labels: ["ring"] },
	sockets_open: { type: "gauge", help: "Connections that have joined a namespace here", labels: ["ring"] },
	sockets_passed: { type: "gauge", help: "Connections that this node passes on to the owner of their stream", labels: [] },
	door_splices_total: {
		type: "counter",
		help: "Connections that this node has passed on since its start; none, where what is in front knows the ring",
		labels: [],
	},
	door_relays_total: { type: "counter", help: "Requests of long polling that it has passed on", labels: [] },
	ring_share: { type: "gauge", help: "The part of all streams that belongs to this node, 0 to 1", labels: ["ring"] },
	mails_total: { type: "counter", help: "Tries to send a mail, by how they ended", labels: ["outcome"] },
	cdc_published_total: {
		type: "counter",
		help: "Changes that the change feed has: created (c), updated (u) or deleted (d)",
		labels: ["collection", "op"],
	},
	cdc_lag_seconds: {
		type: "gauge",
		help: "How far the change feed is behind the database, at the node that follows the collection",
		labels: ["collection"],
	},
	cdc_sweeps_total: {
		type: "counter",
		help: "Times that a collection was read because changes could have been missed: first, history_lost, dropped, no_token or no_streams",
		labels: ["collection", "reason"],
	},
	mails_waiting: { type: "gauge", help: "Mails that are due and have not left", labels: [] },
	retention_removed_total: {
		type: "counter",
		help: "Documents that were removed, or lost what had had its time",
		labels: ["rule"],
	},
	retention_age_seconds: {
		type: "gauge",
		help: "Since when the oldest should be gone that is still there; 0: nothing is overdue",
		labels: ["rule"],
	},
	trace_spans_total: {
		type: "counter",
		help: "Spans that ended here: exported, lost (the collector did not take them) or dropped (too many waited)",
		labels: ["outcome"],
	},
	health_check: {
		type: "gauge",
		help: "What /health/ready of this node says of each of its checks: 1 or 0",
		labels: ["check"],
	},
} as const satisfies Readonly<Record<string, MetricSpec>>;

/** What is forgotten, by the name under which it is counted. */
export const retentionRules = [
	"archived_notifications",
	"audit",
	"chat_connections",
	"chat_windows",
	"conversation_requests",
	"dead_letters",
	"deliveries",
	"erasures",
	"inbox_connections",
	"inbox_requests",
	"mail_digest_items",
	"mail_digests",
	"mail_requests",
	"mail_windows",
	"mails",
	"order_requests",
	"payment_requests",
	"sessions",
	"suppressions",
	"webhooks",
] as const;
export type RetentionRule = (typeof retentionRules)[number];

export type MetricName = keyof typeof metricTable;
type NamesOf<T extends MetricSpec["type"]> = {
	[N in MetricName]: (typeof metricTable)[N]["type"] extends T ? N : never;
}[MetricName];
export type CounterName = NamesOf<"counter">;
export type GaugeName = NamesOf<"gauge">;
export type HistogramName = NamesOf<"histogram">;
/** The labels of a metric with their values. */
export type LabelsOf<N extends MetricName> = { readonly [L in (typeof metricTable)[N]["labels"][number]]: string };

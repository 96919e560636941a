import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import {
	type CounterName,
	type GaugeName,
	type HistogramName,
	type LabelsOf,
	type MetricName,
	type MetricSpec,
	metricTable,
} from "../../contracts/metrics.ts";

// What this process counts, and how it is read. One registry a process, as there is one broker; whoever counts pays a look-up in a map.

type Metric = Counter | Gauge | Histogram;

type Labels = Readonly<Record<string, string>>;

interface Value {
	readonly labels: Labels;
	readonly value: number;
}

/** Values that somebody knows when they are asked. */
type Source = () => Promise<readonly Value[]>;

/** How long one may think about it, in ms: a scrape that waits for a store that is away would tell nothing of what is there. */
const patienceMs = 3_000;

const registry = new Registry();
/** Of the metrics that are read; the others are counted. */
const sources = new Map<MetricName, Set<Source>>();

const optionsOf = (name: MetricName) => {
	const { help, labels, buckets }: MetricSpec = metricTable[name];
	return { name, help, labelNames: [...labels], registers: [registry], ...(buckets && { buckets: [...buckets] }) };
};

const inTime = async (read: Source): Promise<readonly Value[]> => {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(reject, patienceMs, new Error("no answer"));
	});
	try {
		return await Promise.race([read(), late]);
	} finally {
		clearTimeout(timer);
	}
};

/** What a source cannot tell is left out of this scrape: a gap in a graph is the truth, a zero would not be. */
const collect = async (metric: Gauge | Counter, from: ReadonlySet<Source>): Promise<void> => {
	const known = await Promise.allSettled([...from].map(inTime));
	metric.reset();
	for (const result of known)
		if (result.status === "fulfilled") for (const { labels, value } of result.value) metric.inc(labels, value);
};

const make = (name: MetricName): Metric => {
	const options = optionsOf(name);
	const { type } = metricTable[name];
	if (type === "histogram") return new Histogram(options);
	const read = async function (this: Gauge | Counter): Promise<void> {
		const own = sources.get(name);
		if (own) await collect(this, own);
	};
	return type === "gauge" ? new Gauge({ ...options, collect: read }) : new Counter({ ...options, collect: read });
};

const made = new Map<MetricName, Metric>(Object.keys(metricTable).map((name) => [name as MetricName, make(name as MetricName)]));

export const count = <N extends CounterName>(name: N, labels: LabelsOf<N>, by = 1): void => {
	(made.get(name) as Counter).inc(labels, by);
};

/** `value` in the unit of the metric: seconds, where its name says so. */
export const observe = <N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void => {
	(made.get(name) as Histogram).observe(labels, value);
};

type Measured = GaugeName | CounterName;

/** As `measured`, where which labels there are turns out when it is asked. */
export const measuredAll = <N extends Measured>(
	name: N,
	read: () => Promise<readonly { readonly labels: LabelsOf<N>; readonly value: number }[]>,
): (() => void) => {
	const own = sources.get(name) ?? new Set();
	sources.set(name, own.add(read));
	return () => {
		own.delete(read);
	};
};

/**
 * A gauge, or a counter that somebody else keeps, read at each scrape; values under the same labels are added. The answer ends it. One metric is
 * either read so or counted by `count`, never both.
 */
export const measured = <N extends Measured>(name: N, labels: LabelsOf<N>, read: () => number | Promise<number>): (() => void) =>
	measuredAll(name, async () => [{ labels, value: await read() }]);

/** Pages in Prometheus' format that others make: of metrics that are not in our table. */
const others = new Set<() => string>();

/** Appends a page of metrics to each scrape. The answer ends it. */
export const alsoScraped = (page: () => string): (() => void) => {
	others.add(page);
	return () => {
		others.delete(page);
	};
};

let processMetrics = false;

/** In Prometheus' text format, version 0.0.4. */
export const scrape = async (): Promise<string> => {
	// From the first scrape on: who is never asked need not watch its event loop.
	if (!processMetrics) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
	processMetrics = true;
	const own = await registry.metrics();
	return [own, ...[...others].map((page) => page())].join("");
};

export const scrapeType = registry.contentType;

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

/** A value that somebody knows when they are asked. */
interface Source {
	readonly labels: Readonly<Record<string, string>>;
	read(): number | Promise<number>;
}

const registry = new Registry();
/** Of the metrics that are read; the others are counted. */
const sources = new Map<MetricName, Set<Source>>();

const optionsOf = (name: MetricName) => {
	const { help, labels, buckets }: MetricSpec = metricTable[name];
	return { name, help, labelNames: [...labels], registers: [registry], ...(buckets && { buckets: [...buckets] }) };
};

/** What a source cannot tell is left out of this scrape: a gap in a graph is the truth, a zero would not be. */
const collect = async (metric: Gauge | Counter, from: ReadonlySet<Source>): Promise<void> => {
	metric.reset();
	const known = await Promise.allSettled([...from].map(async ({ labels, read }) => ({ labels, value: await read() })));
	for (const result of known) if (result.status === "fulfilled") metric.inc(result.value.labels, result.value.value);
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

/**
 * A gauge, or a counter that somebody else keeps, read at each scrape; values under the same labels are added. The answer ends it. One metric is
 * either read so or counted by `count`, never both.
 */
export const measured = <N extends GaugeName | CounterName>(
	name: N,
	labels: LabelsOf<N>,
	read: () => number | Promise<number>,
): (() => void) => {
	const source: Source = { labels, read };
	const own = sources.get(name) ?? new Set();
	sources.set(name, own.add(source));
	return () => {
		own.delete(source);
	};
};

let processMetrics = false;

/** In Prometheus' text format, version 0.0.4. */
export const scrape = (): Promise<string> => {
	// From the first scrape on: who is never asked need not watch its event loop.
	if (!processMetrics) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
	processMetrics = true;
	return registry.metrics();
};

export const scrapeType = registry.contentType;

import { type MetricRegistry, MetricReporters } from "moleculer";
import { LightCounter, LightHistogram } from "./light-metrics.ts";
import { alsoScraped } from "./metrics.ts";

// What Moleculer counts of itself, by its own Prometheus reporter, on the page that has ours: without its HTTP server, and without what is costly
// and nobody asks for.

/** What is told. The rest is not counted either: Moleculer would look its labels up several times a call. */
const told: readonly string[] = [
	"moleculer.request.total",
	"moleculer.request.error.total",
	"moleculer.request.time",
	"moleculer.request.retry.attempts.total",
	"moleculer.request.timeout.total",
	"moleculer.request.bulkhead.queue.size",
	"moleculer.event.broadcast.total",
	"moleculer.event.received.total",
	"moleculer.event.received.error.total",
	"moleculer.circuit-breaker.opened.active",
	"moleculer.circuit-breaker.opened.total",
	"moleculer.circuit-breaker.half-opened.active",
	"moleculer.registry.nodes.total",
	"moleculer.registry.nodes.online.total",
	"moleculer.registry.services.total",
	"moleculer.transit.connected",
	"moleculer.transit.requests.active",
	"moleculer.transit.orphan.response.total",
	"moleculer.transporter.packets.sent.total",
	"moleculer.transporter.packets.sent.bytes",
	"moleculer.transporter.packets.received.total",
	"moleculer.transporter.packets.received.bytes",
	"moleculer.cacher.get.total",
	"moleculer.cacher.found.total",
];

type Options = ConstructorParameters<typeof LightHistogram>[0];
interface Item {
	labels: object;
	sum: number;
	count: number;
}

/** As Moleculer spells it for Prometheus. */
const promName = (name: string): string => name.replace(/[.-]/g, "_");

const nothing = (): void => undefined;
/** Takes whatever Moleculer tells it, and has nothing to show. */
const silent = ({ name, type }: Options): object => ({
	name,
	type,
	increment: nothing,
	decrement: nothing,
	set: nothing,
	observe: nothing,
	snapshot: () => [],
});

/** Null: Moleculer's own will do. */
const lightOf = (options: Options, registry: MetricRegistry): object | null => {
	if (options.type === "counter") return new LightCounter(options, registry);
	return options.type === "histogram" ? new LightHistogram(options, registry) : null;
};

/** Give it to `metrics.reporter` of a broker. */
export class MoleculerReporter extends MetricReporters.Prometheus {
	#end = nothing;

	/** Moleculer calls it before the first metric is registered. */
	override init(registry: MetricRegistry): void {
		// Its own `init` opens a port; that of its base does the rest.
		MetricReporters.Base.prototype.init.call(this, registry);
		const { namespace, nodeID } = registry.broker;
		Object.assign(this, { defaultLabels: { namespace, nodeID } });
		const register = registry.register.bind(registry) as unknown as (options: Options) => object;
		registry.register = ((options: Options) => {
			// Prometheus makes rates of counters and quantiles of buckets; Moleculer's keep a timer, and each duration of a minute, for every label.
			const light = { ...options, rate: false, quantiles: false };
			const own = told.includes(options.name) ? lightOf(light, registry) : silent(options);
			if (own === null) return register(light);
			registry.store.set(options.name, own as ReturnType<typeof registry.store.get> & object);
			return own;
		}) as unknown as MetricRegistry["register"];
		this.#end = alsoScraped(() => this.generatePrometheusResponse());
	}

	override async stop(): Promise<void> {
		this.#end();
	}

	/**
	 * Moleculer's text, with the sums of histograms, which it leaves out where there are no quantiles, and with the names of what has not happened
	 * yet, which it leaves out too.
	 */
	override generatePrometheusResponse(): string {
		const text = super.generatePrometheusResponse();
		const blocks = text.split("\n\n").map((block) => {
			const [, name = "", type] = /^# TYPE (\S+) (\S+)$/m.exec(block) ?? [];
			return type === "histogram" ? [block.trimEnd(), ...this.#sums(name)].join("\n") : block;
		});
		return `${[...blocks, ...this.#empty()].join("\n").trimEnd()}\n`;
	}

	#sums(name: string): string[] {
		const metric = [...this.registry.store.values()].find((one) => promName(one.name) === name);
		const items = (metric?.snapshot() ?? []) as unknown as Item[];
		return items.flatMap(({ labels, sum, count }) => {
			const text = this.labelsToStr(labels);
			return [`${name}_sum${text} ${sum}`, `${name}_count${text} ${count}`];
		});
	}

	#empty(): string[] {
		const none = [...this.registry.store.values()].filter(({ name, values }) => told.includes(name) && values.size === 0);
		return none.map(({ name, type, description }) => `# HELP ${promName(name)} ${description}\n# TYPE ${promName(name)} ${type}`);
	}
}

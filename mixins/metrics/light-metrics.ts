import { MetricTypes } from "moleculer";

// Moleculer's counter and histogram, for what is counted at each call: the same values and pages. Moleculer's look up the labels twice a count, tell each
// reporter of each change, and keep buckets under keys that V8 looks up as in a dictionary: twice the CPU, of something that comes before all work.

type Labels = Readonly<Record<string, unknown>>;
type Item = Record<string, unknown>;

interface Timed extends Item {
	sum: number;
	count: number;
	/** How many were in each bucket, without those below it; one more for what is beyond the last. */
	marks: number[];
	bucketValues: Record<string, number>;
}

/** Labels are names of ours: none has a line end in it. */
const keyOf = (names: readonly string[], labels: Labels): string => {
	let key = "";
	for (const name of names) key += `\n${labels[name] ?? ""}`;
	return key;
};

export class LightCounter extends MetricTypes.Counter {
	override hashingLabels(labels: Labels = {}): string {
		return keyOf(this.labelNames, labels);
	}

	override increment(labels: Labels = {}, value = 1, timestamp?: number): void {
		const item = this.values.get(this.hashingLabels(labels)) as { value: number } | undefined;
		if (item) {
			item.value += value;
			this.dirty = true;
		} else super.increment(labels, value, timestamp);
	}
}

export class LightHistogram extends MetricTypes.Histogram {
	override hashingLabels(labels: Labels = {}): string {
		return keyOf(this.labelNames, labels);
	}

	override observe(value: number, labels: Labels = {}): void {
		const item = (this.values.get(this.hashingLabels(labels)) as Timed | undefined) ?? this.#make(labels);
		const { buckets } = this;
		let at = 0;
		while (at < buckets.length && value > (buckets[at] as number)) at += 1; // `at` is in range
		item.marks[at] = (item.marks[at] ?? 0) + 1;
		item.sum += value;
		item.count += 1;
		this.dirty = true;
	}

	override generateItemSnapshot(item: Item, key: string): ReturnType<MetricTypes.Histogram["generateItemSnapshot"]> {
		const { marks, bucketValues } = item as Timed;
		let sum = 0;
		for (const [at, bound] of this.buckets.entries()) {
			sum += marks[at] ?? 0;
			bucketValues[bound] = sum;
		}
		return super.generateItemSnapshot(item, key);
	}

	#make(labels: Labels): Timed {
		const own = Object.fromEntries(this.labelNames.map((name) => [name, labels[name]]));
		const item = {
			...this.resetItem({ labels: own }),
			marks: new Array<number>(this.buckets.length + 1).fill(0),
		} as unknown as Timed;
		this.values.set(this.hashingLabels(labels), item);
		return item;
	}
}

import { Lru } from "../access-token/lru.ts";
import { type CacheOptions, readerMarkMs, type Versioned, type VersionedCache, writerMarkMs } from "./port.ts";

interface Slot<T> {
	/** Absent: a mark. Whose it is, is told by the slot itself. */
	value?: T;
	until: number;
}

/** The cache of a process that shares its orders with no other. `now` is a monotonic clock in ms. */
export const memoryCache = <T extends Versioned>(
	{ ttlMs, maxEntries }: CacheOptions,
	now: () => number = () => performance.now(),
): VersionedCache<T> => {
	const slots = new Lru<string, Slot<T>>(maxEntries);

	const slotOf = (id: string): Slot<T> | undefined => {
		const slot = slots.get(id);
		if (!slot || slot.until > now()) return slot;
		slots.delete(id);
		return undefined;
	};
	const take = (id: string, forMs: number): Slot<T> => {
		const mark = { until: now() + forMs };
		slots.set(id, mark);
		return mark;
	};
	const put = (id: string, value: T): void => slots.set(id, { value, until: now() + ttlMs });
	const giveBack = (id: string, mark: Slot<T>): void => {
		if (slotOf(id) === mark) slots.delete(id);
	};

	return {
		get(id) {
			const slot = slotOf(id);
			if (slot) return slot.value ? { hit: true, value: slot.value } : { hit: false };
			const mine = take(id, readerMarkMs);
			return {
				hit: false,
				async fill(value) {
					if (value === null) giveBack(id, mine);
					else if (slotOf(id) === mine) put(id, value);
				},
			};
		},
		async writing(id) {
			const mine = take(id, writerMarkMs);
			return {
				async done(value) {
					const slot = slotOf(id);
					if (slot === mine || (slot?.value && slot.value.version < value.version)) put(id, value);
					// Somebody's mark: what they are about to put may be older than this.
					else if (slot && !slot.value) slots.delete(id);
				},
				undone: async () => giveBack(id, mine),
			};
		},
		size: () => slots.size,
		distrust: () => undefined, // nobody else writes
		ready: () => Promise.resolve(),
		close: () => undefined,
	};
};

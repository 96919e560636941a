import { AsyncLocalStorage } from "node:async_hooks";
import { Sequence } from "../../mixins/sequence/sequence.ts";
import { StoreUnavailable, WriteUncertain } from "../../mixins/store/errors.ts";
import type { OrdersService } from "../../services/orders/orders-base.ts";

// A store that breaks at one write of one piece of work, and leaves alone what else the service does meanwhile.

export const breaks = ["dies after it", "dies before it", "loses its answer", "loses it", "gets it late"] as const;
export type Break = (typeof breaks)[number];

export interface Broken {
	/** Writes that the work has asked for so far. */
	readonly steps: number;
	/** Hands the store what it gets late. */
	deliver(): Promise<void>;
	/** Before write number `at`: the work is over, and never reached it, if this is false. */
	readonly struck: boolean;
}

type Write = (...args: unknown[]) => Promise<unknown>;
const writes = new Set<string | symbol>(["create", "createMany", "update", "updateMany", "remove"]);

/** Runs `work`, whose write number `at` (from 1) breaks; what the work throws then is swallowed: its process is gone, or its client told so. */
export const breaking = async (service: OrdersService, at: number, how: Break, work: () => Promise<unknown>): Promise<Broken> => {
	const inside = new AsyncLocalStorage<true>();
	const { store, codes } = service;
	let steps = 0;
	let dead = false;
	let struck = false;
	const late: (() => Promise<unknown>)[] = [];

	const run = async (real: () => Promise<unknown>): Promise<unknown> => {
		if (how.startsWith("dies")) {
			dead = true;
			if (how === "dies after it") await real();
			throw new StoreUnavailable("this process is dead");
		}
		if (how === "loses its answer") await real();
		if (how === "gets it late") late.push(real);
		throw new WriteUncertain("the answer was lost");
	};
	const wrap = (target: object, key: string | symbol, method: Write): Write => {
		return async (...args) => {
			const real = () => method.apply(target, args);
			if (!inside.getStore()) return real();
			if (dead) throw new StoreUnavailable("this process is dead");
			if (!writes.has(key)) return real();
			if (++steps !== at) return real();
			struck = true;
			return run(real);
		};
	};
	const watched = (target: object): object =>
		new Proxy(target, {
			get(_, key) {
				const value: unknown = Reflect.get(target, key, target);
				return typeof value === "function" ? wrap(target, key, value as Write) : value;
			},
		});
	const names = ["orders", "products", "counters"] as const;
	const broken = Object.fromEntries(names.map((name) => [name, watched(store[name])]));
	service.store = new Proxy(store, {
		get(_, key) {
			const value: unknown = broken[key as string] ?? Reflect.get(store, key, store);
			return typeof value === "function" ? value.bind(store) : value;
		},
	});
	service.codes = new Sequence(service.store.counters, "orders");
	try {
		await inside.run(true, work);
	} catch (error) {
		if (!struck) throw error;
	} finally {
		service.store = store;
		service.codes = codes;
	}
	return {
		steps,
		struck,
		async deliver() {
			for (const real of late.splice(0)) await real().catch(() => undefined); // refused by then: nobody is told
		},
	};
};

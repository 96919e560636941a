import { AsyncLocalStorage } from "node:async_hooks";
import { Sequence } from "../../mixins/sequence/sequence.ts";
import { StoreUnavailable, WriteUncertain } from "../../mixins/store/errors.ts";
import type { OrdersService } from "../../services/orders/orders-base.ts";
import { settleHolds } from "../../services/orders/stock.adapter.ts";

// A store that breaks, or stands still, at one call of one piece of work, and leaves alone what else the service does meanwhile.

export const breaks = ["dies after it", "dies before it", "loses its answer", "loses it", "gets it late"] as const;
export type Break = (typeof breaks)[number];

type Call = () => Promise<unknown>;
type Method = (...args: unknown[]) => Promise<unknown>;
/** Stands between the work and each call of its store. */
type Between = (name: string, call: Call) => Promise<unknown>;

const writes = new Set(["create", "createMany", "update", "updateMany", "remove"]);

const proxy = (target: object, wrap: (name: string, value: Method) => unknown, others: Record<string, object> = {}): object =>
	new Proxy(target, {
		get(_, key) {
			const value: unknown = others[key as string] ?? Reflect.get(target, key, target);
			return typeof value === "function" ? wrap(String(key), value as Method) : value;
		},
	});

/** The store as the work sees it, and nothing that it would share with others: it may stand still in the midst of it. */
const isolated = (service: OrdersService, between: Between) => {
	const { store } = service;
	const watched = (target: object): object =>
		proxy(
			target,
			(name, method) =>
				(...args: unknown[]) =>
					between(name, () => method.apply(target, args)),
		);
	const names = ["orders", "products", "counters"] as const;
	const collections = Object.fromEntries(names.map((name) => [name, watched(store[name])]));
	const seen = proxy(store, (_, method) => method.bind(store), collections) as typeof store; // the same members, by construction
	return {
		store: seen,
		codes: new Sequence(seen.counters, "orders"),
		productOf: async (id: string) => (await seen.products.findById(id)) ?? undefined,
		settleHold: (key: Parameters<OrdersService["settleHold"]>[0]) => settleHolds({ store: seen } as OrdersService, [key]), // all that it needs
	};
};

const swap = (service: OrdersService, parts: Partial<OrdersService>): (() => void) => {
	const { store, codes, productOf, settleHold } = service;
	Object.assign(service, parts);
	return () => Object.assign(service, { store, codes, productOf, settleHold });
};

export interface Broken {
	/** False: the work was over before it came to that call. */
	readonly struck: boolean;
	/** Hands the store what it gets late. */
	deliver(): Promise<void>;
}

/** Runs `work`, whose write number `at` (from 1) breaks; what it throws then is swallowed: its process is gone, or its client was told. */
export const breaking = async (service: OrdersService, at: number, how: Break, work: () => Promise<unknown>): Promise<Broken> => {
	const inside = new AsyncLocalStorage<true>();
	let steps = 0;
	let dead = false;
	let struck = false;
	const late: Call[] = [];
	const strike = async (call: Call): Promise<never> => {
		struck = true;
		dead = how.startsWith("dies");
		if (how === "dies after it" || how === "loses its answer") await call();
		if (how === "gets it late") late.push(call);
		throw dead ? new StoreUnavailable("this process is dead") : new WriteUncertain("the answer was lost");
	};
	const restore = swap(
		service,
		isolated(service, async (name, call) => {
			if (!inside.getStore()) return call();
			if (dead) throw new StoreUnavailable("this process is dead");
			return writes.has(name) && ++steps === at ? strike(call) : call();
		}),
	);
	try {
		await inside.run(true, work);
	} catch (error) {
		if (!struck) throw error;
	} finally {
		restore();
	}
	const deliver = async (): Promise<void> => {
		for (const call of late.splice(0)) await call().catch(() => undefined); // refused by then: there is nobody to be told
	};
	return { struck, deliver };
};

/** Runs `work`, which stands still before its call number `at` (from 1; reads count) until `meanwhile` is over. Answers whether it did. */
export const pausing = async (
	service: OrdersService,
	at: number,
	meanwhile: () => Promise<void>,
	work: () => Promise<unknown>,
): Promise<boolean> => {
	const inside = new AsyncLocalStorage<true>();
	let steps = 0;
	let struck = false;
	const parts = isolated(service, async (_, call) => {
		if (!inside.getStore() || ++steps !== at) return call();
		struck = true;
		restore();
		await inside.exit(meanwhile);
		restore = swap(service, parts);
		return call();
	});
	let restore = swap(service, parts);
	try {
		await inside.run(true, work);
	} catch (error) {
		if (!struck) throw error; // its client was told
	} finally {
		restore();
	}
	return struck;
};

import { registerHooks } from "node:module";
import type { ServiceBroker } from "moleculer";

// Loaded before anything else by a process that plays the next version of Souk (NODE_OPTIONS, see rolling.ts): the same code, another
// version number, and members that this version knows nothing of in every call, event and document.

const added = { since: "0.2.0", known: false };

registerHooks({
	load(url, context, next) {
		const loaded = next(url, context);
		if (!url.endsWith("/package.json") || url.includes("node_modules")) return loaded;
		return { ...loaded, source: String(loaded.source).replace(/"version": "[^"]+"/, '"version": "0.2.0-next"') };
	},
});

// biome-ignore lint/suspicious/noExplicitAny: methods of any class
type Method = (this: any, ...args: any[]) => any;

const patch = (of: { prototype: object }, name: string, make: (original: Method) => Method): void => {
	const methods = of.prototype as Record<string, Method>;
	const original = methods[name];
	if (typeof original !== "function") throw new Error(`there is no ${name} to change`);
	methods[name] = make(original);
};

const isPlain = (value: unknown): value is object =>
	typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

const { ServiceBroker: Broker } = await import("moleculer");
// Calls of our own services: Moleculer's ($node) know their params to the letter.
patch(Broker as unknown as typeof ServiceBroker, "call", (call) => {
	return function (name: string, params?: unknown, options?: { meta?: object }) {
		if (name.startsWith("$") || !(params === undefined || isPlain(params))) return call.call(this, name, params, options);
		return call.call(this, name, { ...params, addedLater: added }, { ...options, meta: { ...options?.meta, addedLater: added } });
	};
});

const { MongoCollection } = await import("../../mixins/store/mongo-collection.ts");
const withMore = (documents: readonly object[]): object[] => documents.map((document) => ({ ...document, addedLater: added }));
patch(MongoCollection, "create", (create) => {
	return function (document: object) {
		return create.call(this, { ...document, addedLater: added });
	};
});
for (const name of ["createMany", "insertInOrder"])
	patch(MongoCollection, name, (insert) => {
		return function (documents: readonly object[]) {
			return insert.call(this, withMore(documents));
		};
	});

const { Publisher } = await import("../../mixins/durable-events/jetstream/publisher.ts");
patch(Publisher, "publish", (publish) => {
	return function (event: { data?: object }) {
		return publish.call(this, { ...event, addedlater: "0.2.0", data: { ...event.data, addedLater: added } });
	};
});

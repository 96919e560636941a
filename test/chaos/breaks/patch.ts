// biome-ignore lint/suspicious/noExplicitAny: methods of any class, private to its types or not
type Method = (this: any, ...args: any[]) => any;

/** Puts another method in the place of one of a class; `make` is given the one that it replaces. */
export const patch = (of: { prototype: object }, name: string, make: (original: Method) => Method): void => {
	const methods = of.prototype as Record<string, Method>;
	const original = methods[name];
	if (typeof original !== "function") throw new Error(`there is no ${name} to break`);
	methods[name] = make(original);
};

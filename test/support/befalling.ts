/** What befalls a call of a method: something before it, or after it, with its answer lost by a throw. */
export type Befall = (
	method: string,
	args: readonly unknown[],
) => { before?: () => Promise<void> | void; after?: () => Promise<void> | void } | undefined;

/** The same object, to whose calls something happens. */
export const befalling = <T extends object>(target: T, befall: Befall): T =>
	new Proxy(target, {
		get(object, name) {
			const value = Reflect.get(object, name, object);
			if (typeof value !== "function") return value;
			return async (...args: unknown[]) => {
				const what = befall(String(name), args);
				await what?.before?.();
				const answer = await value.apply(object, args);
				await what?.after?.();
				return answer;
			};
		},
	});

const nobodyListens = (): void => undefined;

/**
 * Works on `width` items at a time and yields the results in the order of the items, each as soon as it and those before it are
 * there, also while the source is silent. While nobody takes a result no more work begins, and of the source one item is read ahead.
 */
export async function* inOrder<T, R>(
	source: AsyncGenerator<T>,
	work: (item: T) => Promise<R>,
	width: number,
): AsyncGenerator<R, void> {
	const running: Promise<R>[] = [];
	const ask = (): Promise<IteratorResult<T, unknown>> => {
		const next = source.next();
		next.catch(nobodyListens); // it is awaited below, but perhaps only after it has failed
		return next;
	};
	let coming: ReturnType<typeof ask> | null = ask();
	try {
		while (coming || running.length > 0) {
			const oldest = running[0];
			const more = coming && running.length < width ? coming.then(() => "more" as const) : null;
			const done = oldest?.then(() => "done" as const);
			if ((await Promise.race([more, done].filter((event) => event !== null && event !== undefined))) === "done") {
				running.shift();
				yield oldest as Promise<R>; // there is one, or nothing would be done
				continue;
			}
			const next: IteratorResult<T, unknown> | null = await coming;
			if (!next || next.done) coming = null;
			else {
				const result = work(next.value);
				result.catch(nobodyListens); // awaited in its turn
				running.push(result);
				coming = ask();
			}
		}
	} finally {
		source.return(undefined).catch(nobodyListens); // waits for the read that is under way, which nobody else need do
	}
}

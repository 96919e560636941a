/** Calls that end in `seconds`, a second, with `width` of them in flight all the time. */
export const callsPerSecond = async (
	width: number,
	seconds: number,
	call: (index: number) => Promise<unknown>,
): Promise<number> => {
	const begin = performance.now();
	const end = begin + seconds * 1000;
	let done = 0;
	let next = 0;
	const worker = async (): Promise<void> => {
		while (performance.now() < end) {
			await call(next++);
			done += 1;
		}
	};
	await Promise.all(Array.from({ length: width }, worker));
	return (done * 1000) / (performance.now() - begin);
};

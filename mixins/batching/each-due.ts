const pageSize = 50;

export interface DuePages<T> {
	/** What is due, in an order that does not change from page to page. */
	find(page: { limit: number; skip: number }): Promise<readonly T[]>;
	/** Does what is due about one; answers false if it is still due after that. A throw says so too, and keeps nobody else waiting. */
	work(item: T): Promise<boolean>;
	/** Ends it between two pages. */
	signal: AbortSignal;
}

/**
 * Goes through all that is due, a page at a time and the items of a page side by side. What was done leaves the set, what could not
 * be done stays in front and is skipped, so every round reaches everybody. If others take items out meanwhile, some may be
 * skipped: the next round finds them. Answers what `work` threw; throws what `find` throws.
 */
export const eachDue = async <T>({ find, work, signal }: DuePages<T>): Promise<unknown[]> => {
	const failures: unknown[] = [];
	let skip = 0;
	for (let full = true; full && !signal.aborted; ) {
		const due = await find({ limit: pageSize, skip });
		const results = await Promise.allSettled(due.map(work));
		for (const result of results) {
			if (result.status === "rejected") failures.push(result.reason);
			if (result.status === "rejected" || !result.value) skip += 1;
		}
		full = due.length === pageSize;
	}
	return failures;
};

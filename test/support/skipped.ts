/** Suites that were skipped and why, for the reporter. One list a run: reporter and tests share this module. */
const reasons = new Map<string, string>();

export const noteSkipped = (suite: string, reason: string): void => {
	reasons.set(suite, reason);
};

/** Why the test with this full title was skipped: the reason of the suite that it is in. */
export const reasonFor = (fullTitle: string): { suite: string; reason: string } | null => {
	for (const [suite, reason] of reasons) if (fullTitle.startsWith(suite)) return { suite, reason };
	return null;
};

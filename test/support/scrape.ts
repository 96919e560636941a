/** The sum of a metric over all of its labels, or those that match, as a node tells it at /metrics. */
export const scraped = async (url: string, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> => {
	const answer = await fetch(new URL("/metrics", url));
	if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
	const lines = (await answer.text()).split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
	const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
	if (lines.length === 0) throw new Error(`${url} has no ${name}`);
	return lines.filter((line) => wanted.every((label) => line.includes(label))).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0); // biome-ignore format: one line
};

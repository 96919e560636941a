// What can be broken in a node on purpose, so that the random run has something to find: each is a file here, which the node's process loads
// before anything else. The same as in the model (model/broken.ts), but of the code that is shipped.

export const breaks = [
	"ack-before-the-write",
	"fence-off",
	"forget-the-id-key",
	"live-before-catch-up-ended",
	"renumber-wrongly-after-a-repeat",
	"resume-off-by-one",
	"skip-the-catch-up",
	"stale-ring-without-fence",
] as const;
export type Break = (typeof breaks)[number];

export const isBreak = (name: string): name is Break => breaks.some((known) => known === name);

/** The environment of a process that is broken so. */
export const breakEnv = (name: Break): Record<string, string> => ({
	NODE_OPTIONS: `--import=${new URL(`${name}.ts`, import.meta.url).href}`,
});

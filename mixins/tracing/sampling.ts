import type { TracingProfile } from "../../config/profile-type.ts";
import type { Recorder } from "./spans.ts";

const ratioOf = ({ sampler, ratio }: Pick<TracingProfile, "sampler" | "ratio">): number =>
	sampler.endsWith("always_on") ? 1 : sampler.endsWith("always_off") ? 0 : ratio;

/**
 * Decides where a trace comes in; from there on all nodes go by what was decided. A client's own flag counts only where the environment says
 * so, or anybody could have everything recorded; nor does the ratio look at the trace's id, which a client chooses as well.
 */
export const rootSampler = (
	{ sampler, ratio, trustsClients }: Pick<TracingProfile, "sampler" | "ratio" | "trustsClients">,
	random: () => number = Math.random,
): Recorder["samples"] => {
	const part = ratioOf({ sampler, ratio });
	const follows = trustsClients && sampler.startsWith("parentbased");
	return (outside) => (follows && outside ? outside.sampled : random() < part);
};

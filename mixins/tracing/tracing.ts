import type { TracingProfile } from "../../config/profile-type.ts";
import type { RunningRecorder } from "./recorder.ts";
import { type Attributes, setRecorder } from "./spans.ts";

// Starts and ends the export of traces of this process.

interface Logger {
	info(...args: unknown[]): void;
	warn(...args: unknown[]): void;
}

export interface Tracing {
	/** Sends what is left, for `ms` at most. */
	close(ms?: number): Promise<void>;
}

/** How long a stop waits for a collector, in ms. */
const lastWordsMs = 2_000;

export const openTracing = async (profile: TracingProfile, resource: Attributes, logger: Logger): Promise<Tracing> => {
	const { openRecorder } = await import("./recorder.ts");
	const onLost = (error: Error | undefined): void =>
		logger.warn(`The collector of traces does not take them, they are lost meanwhile: ${error?.message ?? "no reason given"}`);
	const recorder: RunningRecorder = openRecorder({ profile, resource, onLost });
	setRecorder(recorder);
	return {
		async close(ms = lastWordsMs) {
			setRecorder(null);
			await recorder.close(ms);
		},
	};
};

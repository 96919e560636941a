import type { Emitter } from "./emitter.ts";
import { SoukError } from "./errors.ts";
import type { StreamEvents, StreamState } from "./types.ts";

const closed = (state: StreamState): SoukError | undefined =>
	state.kind === "closed" ? (state.error ?? new SoukError({ code: "CLOSED", title: "The stream was closed" })) : undefined;

/** Resolves at once on a live stream. Throws what closed it, and TIMEOUT after `ms`. */
export const whenLive = (stream: Emitter<StreamEvents> & { readonly state: StreamState }, ms: number): Promise<void> =>
	new Promise((resolve, reject) => {
		const look = (state: StreamState): void => {
			const error = closed(state);
			if (state.kind !== "live" && !error) return;
			clearTimeout(timer);
			stop();
			if (error) reject(error);
			else resolve();
		};
		const stop = stream.on("state", look);
		const timer = setTimeout(() => {
			stop();
			reject(new SoukError({ code: "TIMEOUT", title: "There is no connection right now", retryable: true }));
		}, ms);
		look(stream.state);
	});
